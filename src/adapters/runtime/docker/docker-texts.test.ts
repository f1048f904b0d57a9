/** Texts of the kernel and of function servers, as they are read. */
import { expect, test } from "vitest";
import { parseAnswer } from "./function-server.ts";
import { listeningPorts } from "./listening.ts";
import { oomFile } from "./oom-kills.ts";

test("the ports on which somebody listens, of both families, and no others", () => {
  const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:2328 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   1: 0100007F:1F90 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 2 1 0 20 4 30 10 -1
`;
  expect(listeningPorts(table)).toEqual([9000]);
  expect(listeningPorts("  sl\n   0: 00000000000000000000000000000000:1F90 0:0 0A\n")).toEqual([8080]);
  expect(listeningPorts("")).toEqual([]);
});

test("where out-of-memory kills are counted, in both versions of control groups", () => {
  const first = "12:pids:/docker/a\n4:cpu,memory:/docker/abc\n0::/\n";
  expect(oomFile(first)).toBe("/sys/fs/cgroup/memory/docker/abc/memory.oom_control");
  expect(oomFile("0::/system.slice/docker-abc.scope\n")).toBe(
    "/sys/fs/cgroup/system.slice/docker-abc.scope/memory.events",
  );
  expect(oomFile("")).toBeUndefined();
});

test("an answer keeps its payload as it was written, its errors are of the three types, and no line is null", () => {
  expect(
    parseAnswer('{"context":{"logs":{"stdout":["a"],"stderr":[]}},"payload":{"n":12345678901234567890.10}}'),
  ).toEqual({
    ...{ output: '{"n":12345678901234567890.10}', error: undefined, logs: { stdout: ["a"], stderr: null } },
  });
  const failed = parseAnswer(
    '{"context":{"error":{"type":"Odd","message":"m","stacktrace":["s"]},"logs":null},"payload":null}',
  );
  expect(failed.error).toEqual({ type: "FunctionError", message: "m", stacktrace: ["s"] });
  expect(parseAnswer('{"context":null}')).toEqual({
    output: "null",
    error: undefined,
    logs: { stdout: null, stderr: null },
  });
  expect(() => parseAnswer("no answer")).toThrow();
});
