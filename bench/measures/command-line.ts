/** The whole process of `dispatch get functions`, beside a bare start of the same Node.js. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startDispatch } from "../dispatch-server.ts";
import type { Measure } from "../measure.ts";
import { onAllCores } from "../pinning.ts";
import { atMost, withUnit } from "../row.ts";
import { median } from "../statistics.ts";
import { createFunction, createImage } from "../workspace.ts";

const WARM_UPS = 3;

export const commandLine: Measure = async ({ installation, pairs }) => {
  const server = await startDispatch(installation);
  const home = mkdtempSync(join(tmpdir(), "dispatch-bench-home-"));
  try {
    await createImage(server.rest, "nodejs");
    await createFunction(server.rest, "nodejs", "hello");
    await server.rest.ready("/v1/function/hello");
    const { hostname, port } = new URL(server.api);
    const command = [join(installation, "bin/dispatch"), "get", "functions", "--host", hostname, "--port", port];
    const environment = environmentOf(home);
    for (let index = 0; index < WARM_UPS; index++) time(command, environment);
    const times = Array.from({ length: pairs }, () => ({
      bare: time([process.execPath, "-e", "0"], environment),
      own: time(command, environment),
    }));
    const ratio = median(times.map(({ bare, own }) => own / bare));
    const own = withUnit(median(times.map((pair) => pair.own)), "ms");
    const bare = withUnit(median(times.map((pair) => pair.bare)), "ms");
    return [atMost("dispatch get functions, whole process", ratio, 1.8, "x node -e 0", `${own} against ${bare}`)];
  } finally {
    rmSync(home, { recursive: true, force: true });
    await server.stop();
  }
};

/** The same for both: no configuration of whoever measures, none of what slows every Node.js down. */
function environmentOf(home: string): NodeJS.ProcessEnv {
  const {
    NODE_EXTRA_CA_CERTS: _,
    NODE_OPTIONS: __,
    NODE_COMPILE_CACHE: ___,
    XDG_CACHE_HOME: ____,
    ...rest
  } = process.env;
  return { ...rest, HOME: home };
}

/** Milliseconds. @throws Error with what the command said when it failed. */
function time([program = "", ...rest]: readonly string[], env: NodeJS.ProcessEnv): number {
  const { command, args } = onAllCores(program, rest);
  const begun = performance.now();
  const { status, stderr, stdout } = spawnSync(command, args, { env, encoding: "utf8" });
  const elapsed = performance.now() - begun;
  if (status !== 0) throw new Error(`${program} ${rest.join(" ")}: ${stderr}${stdout}`);
  return elapsed;
}
