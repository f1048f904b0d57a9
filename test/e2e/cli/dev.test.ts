/** `dispatch dev PATH` and `dispatch invoke` against a real server. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { type CommandResult, programPath, runCommand, writeFiles } from "../support/command-line.ts";
import { Dispatch } from "../support/dispatch.ts";
import { type ServerProcess, startServer, temporaryFolder } from "../support/server.ts";
import { until } from "../support/until.ts";

let server: ServerProcess;
let dispatch: Dispatch;

beforeAll(async () => {
  server = await startServer();
  dispatch = new Dispatch(server.api);
  await dispatch.createImage("nodejs");
});

afterAll(() => server.dispose());

interface Session {
  readonly child: ChildProcess;
  readonly folder: string;
  /** All that it has said. */
  said(): string;
  /** How often it has said `reloaded`. */
  reloads(): number;
  ended: Promise<unknown[]>;
}

const answering = (answer: unknown, more = ""): string =>
  `module.exports = (context, input) => {\n${more}\nreturn ${JSON.stringify(answer)};\n};\n`;

/** Starts it in a new folder with these files. */
async function develop(files: Readonly<Record<string, string>>, ...words: string[]): Promise<Session> {
  const folder = await temporaryFolder();
  await writeFiles(folder, files);
  const env = { PATH: process.env.PATH ?? "", HOME: folder, DISPATCH_PORT: new URL(server.api).port };
  const child = spawn(programPath, ["dev", ...words], { cwd: folder, env, stdio: ["pipe", "pipe", "pipe"] });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      text += chunk.toString();
    });
  }
  const ended = once(child, "close");
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await ended;
    await rm(folder, { recursive: true, force: true });
  });
  return {
    child,
    folder,
    said: () => text,
    reloads: () => text.split("reloaded ").length - text.split("not reloaded ").length,
    ended,
  };
}

const says = (session: Session, words: string): Promise<true> =>
  until(`it says ${words}`, () => (session.said().includes(words) ? true : undefined));

const answer = async (name: string): Promise<unknown> => (await dispatch.run(name)).output;

/** As an editor does it: aside, and then in the file's place. */
async function replace(path: string, text: string): Promise<void> {
  await writeFile(`${path}.swp`, text);
  await rename(`${path}.swp`, path);
}

describe("dispatch dev", () => {
  test("deploys on save: after `reloaded` no call that begins gets an old answer", async () => {
    const session = await develop({ "count/index.js": answering(0) }, "count");
    await says(session, "reloaded count");
    const path = join(session.folder, "count/index.js");
    let newest = 0;
    let goesOn = true;
    const stale: string[] = [];
    const caller = async (): Promise<void> => {
      while (goesOn) {
        const promised = newest;
        const got = Number(await answer("count"));
        if (got < promised) stale.push(`${got} after ${promised}`);
      }
    };
    const callers = [caller(), caller()];
    for (let save = 1; save <= 15; save++) {
      const before = session.reloads();
      await (save % 2 === 0 ? writeFile : replace)(path, answering(save));
      await until("it is reloaded", () => (session.reloads() > before ? true : undefined)).catch((error: Error) => {
        throw new Error(`${error.message}; it said ${session.said()}`);
      });
      newest = save;
    }
    goesOn = false;
    await Promise.all(callers);
    expect(stale).toEqual([]);
    expect(await answer("count")).toBe(15);
  });

  test("saves in a hurry end with the last one", async () => {
    const session = await develop({ "hurry.js": answering(-1) }, "hurry.js");
    await says(session, "reloaded hurry");
    const path = join(session.folder, "hurry.js");
    for (let save = 0; save < 40; save++) {
      await writeFile(path, answering(save));
      if (save % 7 === 0) await new Promise((resolve) => setTimeout(resolve, 30));
    }
    await until("the last one answers", async () => ((await answer("hurry")) === 39 ? true : undefined));
  });

  test("code that cannot be loaded is explained, and the last good code goes on", async () => {
    const session = await develop({ "fine.js": answering("good") }, "fine.js");
    await says(session, "reloaded fine");
    await replace(join(session.folder, "fine.js"), "module.exports = (context, input) => {\n  return input +;\n};\n");
    await says(session, "not reloaded: function fine is in ERROR");
    expect(session.said()).toContain("fine.js:2");
    expect(await answer("fine")).toBe("good");
    await replace(join(session.folder, "fine.js"), answering("better"));
    await until("it is reloaded", () => (session.reloads() === 2 ? true : undefined));
    expect(await answer("fine")).toBe("better");
  });

  test("files and folders that come later count, what is ignored does not", async () => {
    const files = { "deep/index.js": answering(1), "deep/.dispatchignore": "notes/\n", "deep/notes/a.txt": "" };
    const session = await develop(files, "deep");
    await says(session, "reloaded deep");
    await mkdir(join(session.folder, "deep/lib"));
    await writeFile(join(session.folder, "deep/lib/two.js"), "module.exports = 2;");
    await replace(
      join(session.folder, "deep/index.js"),
      "const two = require('./lib/two.js');\nmodule.exports = () => two;\n",
    );
    await until("it uses the new file", async () => ((await answer("deep")) === 2 ? true : undefined));
    await new Promise((resolve) => setTimeout(resolve, 300));
    const reloads = session.reloads();
    await writeFile(join(session.folder, "deep/lib/two.js"), "module.exports = 22;");
    await until("the new folder is watched", () => (session.reloads() > reloads ? true : undefined));
    expect(await answer("deep")).toBe(22);
    await rm(join(session.folder, "deep/lib"), { recursive: true });
    await mkdir(join(session.folder, "deep/lib"));
    await writeFile(join(session.folder, "deep/lib/two.js"), "module.exports = 222;");
    await until("another folder in its place is watched", async () =>
      (await answer("deep")) === 222 ? true : undefined,
    );
    await new Promise((resolve) => setTimeout(resolve, 300));
    const before = session.reloads();
    await writeFile(join(session.folder, "deep/notes/a.txt"), "changed");
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(session.reloads()).toBe(before);
  });

  test("shows runs and what they write; Enter and `dispatch invoke` run the last input again", async () => {
    const session = await develop({ "shown.js": answering("fine", "console.log('says ' + input.name);") }, "shown.js");
    await says(session, "Ctrl-C ends");
    await until("lines are shown", async () => {
      await dispatch.run("shown", { name: "Ada" });
      return session.said().includes("says Ada") ? true : undefined;
    });
    await says(session, '{"name":"Ada"} -> "fine" (');
    const shown = (): number => session.said().split("says Ada").length;
    const before = shown();
    session.child.stdin?.write("\n");
    await until("it ran again", () => (shown() > before ? true : undefined));
    const options = { cwd: session.folder, environment: { DISPATCH_PORT: new URL(server.api).port } };
    const invoked: CommandResult = await runCommand(["invoke", "shown", "--output-only"], options);
    expect(invoked).toEqual({ status: 0, stdout: '"fine"\n', stderr: "" });
    const never = await runCommand(["invoke", "nosuch"], options);
    expect(never).toMatchObject({ status: 1, stdout: "" });
    expect(never.stderr).toMatch(/nosuch/);
  });

  test("secrets come from a file, which is watched, too", async () => {
    const code = "module.exports = (context) => context.secrets.word.length;\n";
    const session = await develop(
      { "keeper.js": code, "s/secrets.json": '{"word": "four"}' },
      "keeper.js",
      "--secret",
      "s/secrets.json",
    );
    await says(session, "reloaded keeper");
    expect(await answer("keeper")).toBe(4);
    await replace(join(session.folder, "s/secrets.json"), '{"word": "seventeen letters"}');
    await until("it has the new word", async () => ((await answer("keeper")) === 17 ? true : undefined));
    expect(session.said()).not.toContain("seventeen");
  });

  test("a function that is there keeps its settings", async () => {
    const made = await dispatch.createFunction(
      "settled",
      { "settled.js": answering(1) },
      { timeout: 4321, retries: 2 },
    );
    const session = await develop({ "settled.js": answering(2) }, "settled.js", "--env", "A=b");
    await says(session, "reloaded settled");
    expect(await answer("settled")).toBe(2);
    const now = JSON.parse((await dispatch.get("/v1/function/settled")).text);
    expect(now).toMatchObject({ timeout: 4321, retries: 2, env: { A: "b" }, id: made.id });
  });

  test("Ctrl-C ends it and leaves the function", async () => {
    const session = await develop({ "stays.js": answering("here") }, "stays.js");
    await says(session, "reloaded stays");
    session.child.kill("SIGINT");
    expect(await session.ended).toEqual([0, null]);
    expect(session.said()).toContain("stopped; function stays stays as it is");
    expect(await answer("stays")).toBe("here");
  });
});
