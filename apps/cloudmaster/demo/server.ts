/** The demo's own dispatch-server. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { StepFailure } from "./failure.ts";

export interface ServerPorts {
  readonly api: number;
  readonly apiTls: number;
  readonly gateway: number;
  readonly gatewayTls: number;
}

export interface ServerPlan {
  /** The launcher `bin/dispatch-server`. */
  readonly program: string;
  readonly folder: string;
  readonly dataDir: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly ports: ServerPorts;
  /** Ports of the loopback that functions may reach. */
  readonly hostServices: readonly number[];
  /** Ends the server when it aborts, also while it starts. */
  readonly signal: AbortSignal;
}

export interface RunningServer {
  readonly pid: number | undefined;
  readonly logPath: string;
  /** PEM of the certificate of its https listeners. */
  certificate(): Promise<string>;
  /** The last lines of its log. */
  logTail(): Promise<string>;
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 120_000;
const STOP_TIMEOUT_MS = 10_000;
const POLL_MS = 50;
const TAIL_LINES = 20;

/** Starts the server and waits until it answers. @throws StepFailure with its own message when it refuses. */
export async function startServer(plan: ServerPlan): Promise<RunningServer> {
  const logPath = join(plan.folder, "server.log");
  const log = createWriteStream(logPath);
  await once(log, "open");
  const { folder: cwd, environment: env, signal } = plan;
  const child = spawn(plan.program, flags(plan), { cwd, env, signal, stdio: ["ignore", log, log] });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  // Says that it was aborted, or that there is no such program: both show in what follows.
  child.on("error", () => undefined);
  const server: RunningServer = {
    pid: child.pid,
    logPath,
    certificate: () => readFile(join(plan.dataDir, "dispatch_self_signed_cert.pem"), "utf8"),
    logTail: async () => (await readFile(logPath, "utf8")).trimEnd().split("\n").slice(-TAIL_LINES).join("\n"),
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGTERM");
      const stopped = await Promise.race([ended.then(() => true), delay(STOP_TIMEOUT_MS, false, { ref: false })]);
      if (!stopped) child.kill("SIGKILL");
    },
  };
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!(await isUp(plan.ports.api))) {
    if (child.exitCode === null && Date.now() < deadline) continue;
    await server.stop();
    throw new StepFailure("dispatch-server did not start", await server.logTail());
  }
  return server;
}

function flags({ dataDir, ports, hostServices }: ServerPlan): string[] {
  return [
    ...["--data-dir", dataDir, "--port", String(ports.api), "--gateway-port", String(ports.gateway)],
    ...["--enable-tls", "--tls-port", String(ports.apiTls), "--gateway-tls-port", String(ports.gatewayTls)],
    ...hostServices.flatMap((port) => ["--allow-host-service", `127.0.0.1:${port}`]),
  ];
}

async function isUp(port: number): Promise<boolean> {
  const response = await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => undefined);
  await response?.body?.cancel();
  if (response?.ok !== true) await delay(POLL_MS);
  return response?.ok === true;
}
