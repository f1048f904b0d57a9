/** Thousands of requests made from the OpenAPI document, good and bad, by schemathesis: nothing may break or leak. */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { serverWith } from "../support/dispatch.ts";
import { installPythonTool } from "../support/python-tool.ts";

const VERSION = "4.32.5";
/** A minute where nothing else runs; a hang of the server shows in the time-out of each request. */
const GIVE_UP_MS = 420_000;
const root = fileURLToPath(new URL("../../../", import.meta.url));
const tool = await installPythonTool("schemathesis", VERSION);
const reason = "missing" in tool ? ` (SKIPPED: ${tool.missing})` : "";

/** Judged are faults of the server, not how strict it is: a schema cannot say that a base image must exist. */
const checks = [
  "not_a_server_error",
  "status_code_conformance",
  "content_type_conformance",
  "response_schema_conformance",
  "response_headers_conformance",
  "missing_required_header",
  "unsupported_method",
  "allow_header_conformance",
];

const options = [
  ...["--checks", checks.join(",")],
  ...["--phases", "examples,coverage,fuzzing", "--max-examples", "5", "--generation-deterministic"],
  ...["--request-timeout", "20", "--continue-on-failure", "--no-color", "--warnings", "off"],
  // Their empty 403 and their 500 `No Such Cookie` are what proxies and browsers know.
  ...["--exclude-path", "/v1/iam/auth", "--exclude-path", "/v1/iam/redirect"],
  // Streams that end when the caller does: each try would wait for its time-out.
  ...["/v1/runs/logs", "/v1/runs/states", "/v1/event/events/stream"].flatMap((path) => ["--exclude-path", path]),
  ...["-H", "Cookie: cookie"],
];

interface Archive {
  readonly log: {
    readonly entries: readonly {
      readonly request: { readonly method: string; readonly url: string };
      readonly response: { readonly status: number; readonly content: { readonly text?: string } };
    }[];
  };
}

/** What no answer may show: places on this machine and how the program is made. */
function leaks(text: string, dataDir: string): boolean {
  return (
    [root, dataDir, "node_modules", "node:internal"].some((part) => text.includes(part)) || /\bat .+:\d+:\d+/.test(text)
  );
}

function fuzz(python: string, url: string, folder: string): Promise<string> {
  const archive = ["--report", "har", "--report-har-path", join(folder, "all.har"), "--output-sanitize", "false"];
  const command = ["-m", "schemathesis.cli", "run", `${url}/openapi.json`, ...options, ...archive];
  return new Promise((resolve) => {
    execFile(python, command, { cwd: folder, maxBuffer: 1 << 26, timeout: GIVE_UP_MS }, (error, stdout, stderr) =>
      resolve(error === null ? "nothing" : `${stdout}${stderr}`.slice(-20_000)),
    );
  });
}

test.skipIf("missing" in tool)(
  `no request breaks the server or makes it show its insides${reason}`,
  { timeout: GIVE_UP_MS + 60_000 },
  async () => {
    if ("missing" in tool) return;
    const { server, dispatch } = await serverWith(["nodejs"]);
    const folder = await mkdtemp(join(tmpdir(), "dispatch-fuzz-"));
    try {
      await dispatch.createFunction("echo", { "echo.js": "module.exports = (context, params) => params;" });
      const found = await fuzz(tool.python, server.api, folder);
      expect(found).toBe("nothing");
      const { log } = JSON.parse(await readFile(join(folder, "all.har"), "utf8")) as Archive;
      expect(log.entries.length).toBeGreaterThan(1000);
      const leaking = log.entries.filter(({ response }) => leaks(response.content.text ?? "", server.dataDir));
      expect(leaking).toEqual([]);
      expect(server.log.filter(({ level }) => level >= 50)).toEqual([]);
      expect((await dispatch.run("echo", { still: "here" })).output).toEqual({ still: "here" });
    } finally {
      await server.dispose();
      await rm(folder, { recursive: true, force: true });
    }
  },
);
