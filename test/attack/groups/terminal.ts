/** What functions and foreign servers want from the person at the command line. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { programPath } from "../../e2e/support/command-line.ts";
import { attacksOf, judge, nothingOf } from "../attack.ts";

/** Runs a program with a terminal of its own and passes on what it writes. */
const ON_A_TERMINAL = "import pty, sys\nsys.exit(pty.spawn(sys.argv[1:]) >> 8)";

/** What the command line writes to a terminal. */
async function onTerminal(words: readonly string[], environment: Readonly<Record<string, string>>): Promise<string> {
  const home = mkdtempSync(join(tmpdir(), "dispatch-terminal-"));
  const env = { PATH: process.env.PATH ?? "", HOME: home, TERM: "xterm", ...environment };
  const child = spawn("python3", ["-c", ON_A_TERMINAL, programPath, ...words], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  child.stdout.on("data", (chunk: Buffer) => {
    said += chunk.toString("latin1");
  });
  await once(child, "close");
  rmSync(home, { recursive: true, force: true });
  return said;
}

const CLIPBOARD = "\u001b]52;c;cm0gLXJmIC8=\u0007";
const TITLE = "\u001b]0;root shell\u0007";
/** The one-character form of the same, in UTF-8 as a terminal gets it. */
const SHORT = "\u009d0;x\u009c";

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const DANGEROUS = /\x1b\][0-9]+;|\xc2\x9d|\x9d0;/;

export const terminal = attacksOf("terminal", {
  "write to the operator's clipboard and title": async (target) => {
    const text = JSON.stringify(CLIPBOARD + TITLE + SHORT);
    const source = `module.exports = () => { console.log(${text}); console.error(${text}); throw new Error(${text}); };`;
    const name = await target.deploy("nodejs", source);
    await target.admin.run(name);
    const environment = { DISPATCH_PORT: new URL(target.server.api).port, DISPATCH_HOST: "127.0.0.1" };
    const commands = [
      ["logs", name],
      ["describe", "function", name],
      ["get", "runs", name],
      ["exec", name, "--wait"],
    ];
    const said = await Promise.all(commands.map((words) => onTerminal(words, environment)));
    const silent = said.filter((output) => output === "").length;
    const hit = commands.filter((_, at) => DANGEROUS.test(said[at] ?? "")).map((words) => words[0]);
    return judge(hit.length === 0 && silent === 0, hit.length === 0 ? "each is shown as text" : hit);
  },

  "take the administrator's token as a foreign server on the loopback": async () => {
    const secret = "the-administrators-token";
    const heard: string[] = [];
    const server = createServer((request, response) => {
      heard.push(JSON.stringify([request.url, request.headers]));
      const proof = request.url?.includes("proof") === true;
      response.writeHead(proof ? 200 : 401, { "content-type": "application/json" });
      response.end(proof ? "ab".repeat(32) : '{"code":401,"message":"unauthenticated"}');
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const data = mkdtempSync(join(tmpdir(), "dispatch-data-"));
    writeFileSync(join(data, "admin-token"), secret, { mode: 0o600 });
    const port = String((server.address() as AddressInfo).port);
    for (const words of [
      ["get", "functions"],
      ["get", "secrets"],
      ["iam", "get", "policies"],
    ])
      await onTerminal(words, { DISPATCH_PORT: port, DISPATCH_HOST: "127.0.0.1", DISPATCH_DATA_DIR: data });
    server.closeAllConnections();
    server.close();
    rmSync(data, { recursive: true, force: true });
    const told = heard.filter((request) => request.includes(secret));
    return heard.length === 0
      ? judge(false, "it was never asked")
      : nothingOf(told, `${heard.length} requests, none with it`);
  },
});
