/** Event drivers as processes in the sandbox of functions, or as containers where there is an engine for those. */
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { Limits, ProgramSpec, Programs, RunningProgram } from "../../core/shared/ports.ts";
import { CLOCKS, type ClockName } from "../../event-drivers/clocks/orders.ts";
import { obtainInterpreter } from "../languages/languages.ts";
import { type Interpreter, interpreterPath } from "../runtime/process/interpreters.ts";
import type { Bind, Sandbox, SandboxCommand, SandboxExit, SandboxedProcess } from "../runtime/process/sandbox.ts";
import { createHouses } from "./clock-house.ts";
import { clockOf } from "./clocks.ts";
import { type Found, findImage } from "./images.ts";
import { FLOOD, followLines } from "./lines.ts";
import { type Listening, type Sockets, socketsIn } from "./listening.ts";
import { followPort, type OwnPort, portOf, type Relay } from "./own-port.ts";

export interface ProgramsOptions {
  readonly sandbox: Sandbox;
  /** Where the operator keeps program files; "" for none. */
  readonly folder: string;
  /** Runs images of containers; undefined where the server has no engine. */
  readonly containers: Pick<Programs, "start"> | undefined;
  /** Of the server's own, for the sockets of exposed programs. */
  readonly socketsFolder: string;
  /** Ports on which the server itself listens in the networks of programs. */
  readonly takenPorts: readonly number[];
  /** With the built-in drivers; default: beside the built server. */
  readonly builtIns?: string;
}

/** Beside the built-in drivers, and no images of anybody: see own-port.ts and clock-house.ts. */
const RELAY = "port-relay";
const HOUSE = "clocks";
const BUILT_INS_AT = "/opt/dispatch/event-drivers";
const FILE_AT = "/opt/dispatch/driver";
/** How long a driver has at its end to remove what it made elsewhere, such as queues in a cloud. */
const GRACE_MS = 3000;
const LIMITS: Limits = { memory: 256, cpu: 1, pids: 64, disk: 64 };
const HOUSE_LIMITS: Limits = { ...LIMITS, memory: 512 };
/** Node.js frees memory by this, and not by the limit of its sandbox; 10,000 clocks need 100 MB. */
const HOUSE_HEAP = "--max-old-space-size=256";

/** Beside the built server, or what the last build made of the source tree. */
function defaultFolder(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  const built = join(here, "event-drivers");
  return existsSync(built) ? built : join(here, "../../../dist/server/event-drivers");
}

export function createPrograms(options: ProgramsOptions): Programs {
  const sockets = socketsIn(options.socketsFolder);
  const startClock = createHouses({
    spawn: async (spec) => {
      const command = await commandOf(options, { ...spec, name: spec.house, image: HOUSE, args: [], environment: {} });
      const args = [HOUSE_HEAP, ...command.args];
      return options.sandbox.spawn({ ...command, args, limits: HOUSE_LIMITS, channel: true });
    },
    reasonOf: async ({ exited }) => reasonOf(await exited, HOUSE_LIMITS),
  });
  return {
    refusal: (image) => {
      const found = imageOf(options, image);
      return found.kind === "none" ? found.reason : undefined;
    },
    clock: (image, config) => {
      const found = imageOf(options, image);
      return found.kind === "built-in" ? clockOf(found.name, config) : undefined;
    },
    start: async (spec) => {
      if (imageOf(options, spec.image).kind === "container" && options.containers !== undefined)
        return options.containers.start(spec);
      const clock = houseClock(options, spec);
      if (clock !== undefined) return startClock(clock, spec);
      const command = await commandOf(options, spec);
      const spawn = (more: Partial<SandboxCommand>): Promise<SandboxedProcess> =>
        options.sandbox.spawn({ ...command, ...more });
      if (!spec.exposed) return follow(await spawn({}), spec);
      const port = String(portOf(options.takenPorts));
      const environment = { PORT: port, ...command.environment, LISTEN_FDS: "1" };
      const apart = isOwnFile(options, spec) ? randomUUID() : undefined;
      const own = apart === undefined ? {} : { apart };
      const { process, listening } = await withSocket(sockets, (inherited) =>
        spawn({ ...own, environment, inherited }),
      );
      const { pid } = process.child;
      if (apart === undefined || pid === undefined) return follow(process, spec, listening);
      const relay = async (): Promise<Relay> => {
        const beside = await commandOf(options, { ...spec, image: RELAY, args: [port], environment: {} });
        return startRelay(options.sandbox, sockets, { ...beside, apart });
      };
      return follow(process, spec, listening, followPort(pid, Number(port), relay));
    },
  };
}

function imageOf({ folder, containers }: ProgramsOptions, image: string): Found {
  return findImage(image, folder, containers !== undefined);
}

/** A clock that lives with others; undefined for all that are programs of their own. */
function houseClock(options: ProgramsOptions, { image, exposed }: ProgramSpec): ClockName | undefined {
  const found = imageOf(options, image);
  return exposed || found.kind !== "built-in" ? undefined : CLOCKS.find((clock) => clock === found.name);
}

/** Only in a network of its own can such a program listen on a port that others want, too. */
function isOwnFile(options: ProgramsOptions, { image, network }: ProgramSpec): boolean {
  return options.sandbox.mode !== "none" && network !== "host" && imageOf(options, image).kind === "file";
}

/** Started by `spawn` with a listening socket. */
async function withSocket(sockets: Sockets, spawn: (inherited: number) => Promise<SandboxedProcess>) {
  const listening = await sockets();
  try {
    return { process: await spawn(listening.descriptor), listening };
  } finally {
    listening.release();
  }
}

async function startRelay(sandbox: Sandbox, sockets: Sockets, command: SandboxCommand): Promise<Relay> {
  const { process, listening } = await withSocket(sockets, (inherited) => sandbox.spawn({ ...command, inherited }));
  process.stdout.resume();
  process.stderr.resume();
  void process.exited.then(() => listening.remove());
  return { path: listening.path, exited: process.exited, stop: () => process.terminate(0) };
}

async function commandOf({ sandbox, folder, builtIns }: ProgramsOptions, spec: ProgramSpec): Promise<SandboxCommand> {
  const node = await obtainInterpreter("nodejs");
  const { program, args, bind } = programOf(spec.image, { sandbox, folder, builtIns, node });
  return {
    name: spec.name,
    organization: spec.organization,
    command: program,
    args: [...args, ...spec.args],
    environment: { PATH: interpreterPath(node, sandbox.mode), ...timezone(), ...spec.environment },
    binds: [...node.binds, bind],
    links: [node.link],
    network: spec.network,
    limits: LIMITS,
  };
}

/** The server's own certificate file, if it was given one; else the machine's, which the sandbox sees anyway. */
function timezone(): { readonly TZ?: string } {
  const { TZ } = process.env;
  return TZ === undefined ? {} : { TZ };
}

interface Place {
  readonly sandbox: Sandbox;
  readonly folder: string;
  readonly builtIns: string | undefined;
  readonly node: Interpreter;
}

function programOf(image: string, { sandbox, folder, builtIns, node }: Place) {
  const isOurs = image === RELAY || image === HOUSE;
  const found = isOurs ? ({ kind: "built-in", name: image } as const) : findImage(image, folder, false);
  if (found.kind === "none") throw new Error(found.reason);
  if (found.kind === "container") throw new Error(`${image} is no program`);
  if (found.kind === "file") {
    const bind: Bind = { source: dirname(found.path), target: FILE_AT };
    return { program: join(sandbox.pathOf(bind), basename(found.path)), args: [], bind };
  }
  const bind: Bind = { source: builtIns ?? defaultFolder(), target: BUILT_INS_AT };
  const command = sandbox.mode === "none" ? node.command : node.inside;
  return { program: command, args: [join(sandbox.pathOf(bind), `${found.name}.mjs`)], bind };
}

function follow(
  process: SandboxedProcess,
  { log }: Pick<ProgramSpec, "log">,
  listening?: Listening,
  ownPort?: OwnPort,
): RunningProgram {
  const { stdout, stderr, exited } = process;
  let flood = false;
  const end = (): void => {
    flood = true;
    void process.terminate();
  };
  const read = (stream: "stdout" | "stderr", source: Readable): Promise<void> =>
    followLines(source, (line) => log(stream, line), end);
  const said = Promise.all([read("stdout", stdout), read("stderr", stderr)]);
  return {
    exited: exited.then(async (exit) => {
      await said;
      await ownPort?.end();
      listening?.remove();
      return flood ? FLOOD : reasonOf(exit, LIMITS);
    }),
    get address() {
      const socketPath = ownPort?.path ?? listening?.path;
      return socketPath === undefined ? undefined : { socketPath };
    },
    get isDeaf() {
      return ownPort?.path === undefined && listening?.isDeaf === true;
    },
    stop: () => process.terminate(GRACE_MS),
  };
}

function reasonOf({ code, signal, memoryExceeded }: SandboxExit, { memory }: Limits): string {
  if (memoryExceeded) return `out of memory: it needed more than ${memory} MB`;
  return signal === null ? `exit code ${code ?? "unknown"}` : `killed by ${signal}`;
}
