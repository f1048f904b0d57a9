/** The real sandbox: the chain of programs that sandbox.ts describes. */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, lchownSync, lstatSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import type { Limits, NetworkKind } from "../../../core/shared/ports.ts";
import { type Bind, bubblewrapOptions } from "./bubblewrap.ts";
import { type ControlGroups, openControlGroups } from "./cgroups.ts";
import { ARGUMENTS_FD, chain } from "./chain.ts";
import { type BlankFiles, makeBlankFiles } from "./credential-files.ts";
import { type HostUser, type HostUsers, openHostUsers, ownUser } from "./host-users.ts";
import { findInheritedDescriptors, type InheritedDescriptors } from "./inherited-descriptors.ts";
import { endLeftovers } from "./leftovers.ts";
import type { Log } from "./log.ts";
import { createNetworks, type Networks, type Place } from "./network.ts";
import { type OutputPipes, openOutputPipes } from "./output-pipes.ts";
import { neighbourAt, type Resident } from "./peer.ts";
import { isRoot, PROGRAM_PATH } from "./programs.ts";
import { makeEtc, systemView } from "./root-view.ts";
import type { Sandbox, SandboxCommand, SandboxedProcess, SandboxOptions } from "./sandbox.ts";
import { followSandboxed, INFO_FD } from "./sandboxed-process.ts";
import { seccompProgram } from "./seccomp.ts";
import { createStaging, type Staging } from "./staging.ts";

const ENVIRONMENT = { PATH: "/usr/local/bin:/usr/bin:/bin", HOME: "/tmp", LANG: "C.UTF-8" };
const SECCOMP_FD = 5;

interface Parts {
  readonly groups: ControlGroups;
  readonly users: HostUsers;
  readonly networks: Networks;
  /** The sandboxes that live, each until its end. */
  readonly residents: Set<Resident>;
  /** Made when first needed; undefined for a server that is not root. */
  readonly staging: (() => Promise<Staging>) | undefined;
  readonly seccompFile: string | undefined;
  readonly etc: Readonly<Record<NetworkKind, readonly Bind[]>>;
  readonly inherited: InheritedDescriptors;
  readonly blank: BlankFiles;
  readonly outputs: OutputPipes;
}

/** Gives a folder to the user who is to fill it. @throws Error when it is none: a link leads anywhere. */
const giveAway = (folder: string, uid: number | undefined): void => {
  if (!lstatSync(folder).isDirectory()) throw new Error(`${folder} is not a real folder, so nothing is written there`);
  if (uid !== undefined) lchownSync(folder, uid, uid);
};

const resolveBinds = (staging: Staging | undefined, binds: readonly Bind[], uid: number | undefined): Promise<Bind[]> =>
  Promise.all(
    binds.map(async (bind) => {
      if (bind.writable) giveAway(bind.source, uid);
      return staging === undefined ? bind : { ...bind, source: await staging.reachable(bind.source) };
    }),
  );

const optionsOf = async (
  parts: Parts,
  staging: Staging | undefined,
  command: SandboxCommand,
  uid: number | undefined,
): Promise<Buffer> => {
  const system = systemView();
  const programs = command.binds.filter(({ source, target, writable }) => source === target && !writable);
  const blank = parts.blank.over(programs.map(({ target }) => target));
  const alone = command.network === "nothing";
  const etc = parts.etc[command.network === "nothing" ? "none" : command.network];
  const options = bubblewrapOptions({
    links: [...system.links, ...(command.links ?? [])],
    binds: await resolveBinds(staging, [...system.binds, ...etc, ...command.binds, ...blank], uid),
    environment: { ...ENVIRONMENT, ...command.environment },
    directory: command.directory ?? "/tmp",
    disk: command.limits.disk,
    functionSpace: command.functionSpace ?? 1,
    infoFd: INFO_FD,
    alone,
    ...(parts.seccompFile === undefined ? {} : { seccompFd: SECCOMP_FD }),
  });
  return Buffer.from(options.map((option) => `${option}\0`).join(""));
};

/** Starts the chain and hands bubblewrap its options. */
const start = (
  words: readonly string[],
  options: Buffer,
  seccompFile: string | undefined,
  outputs: readonly [stdout: number | "pipe", stderr: number | "pipe"],
  third: "pipe" | "ignore" | number,
): ChildProcess => {
  const seccomp = seccompFile === undefined ? undefined : openSync(seccompFile, "r");
  const [program = "", ...args] = words;
  const child = spawn(program, args, {
    cwd: "/",
    env: { PATH: PROGRAM_PATH },
    stdio: ["ignore", ...outputs, third, "pipe", seccomp ?? "ignore", "pipe"],
  });
  if (seccomp !== undefined) closeSync(seccomp);
  for (const stream of child.stdio) stream?.on("error", () => undefined); // a broken pipe shows as the child's exit
  (child.stdio[ARGUMENTS_FD] as Duplex).end(options);
  return child;
};

const warningsOf = ({ controllers }: ControlGroups, seccomp: boolean): string[] => [
  ...(controllers.memory
    ? []
    : ["memory is limited roughly and for each process, not for a whole worker: no writable memory cgroup"]),
  ...(controllers.cpu ? [] : ["processor time is not limited: no writable cpu cgroup"]),
  ...(controllers.pids ? [] : ["processes are limited by rlimit: no writable pids cgroup"]),
  ...(isRoot()
    ? []
    : [
        "all functions are this server's user, because it is not root: what the kernel counts for each user (inotify, pipes, " +
          "message queues) they share with each other and with the server",
      ]),
  ...(seccomp ? [] : [`system calls are not filtered: no filter for ${process.arch}`]),
];

const limitsOf = ({ controllers }: ControlGroups, seccomp: boolean): Record<string, string> => ({
  memory: controllers.memory ?? "rlimit data, for each process, 576 MB above the limit",
  cpu: controllers.cpu ?? "not limited",
  pids: controllers.pids ?? "rlimit nproc",
  disk: "tmpfs size",
  seccomp: seccomp ? "filter" : "none",
});

/** The size of a tmpfs, and the limits that are set as rlimits because there is no control group. */
const fixedLimitsOf = ({ controllers }: ControlGroups): (keyof Limits)[] => [
  "disk",
  ...(controllers.memory === undefined ? (["memory"] as const) : []),
  ...(controllers.pids === undefined ? (["pids"] as const) : []),
];

/** Made on first use; a failure is not remembered. */
const memoize = <T>(make: () => Promise<T>): (() => Promise<T>) => {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
};

const prepare = async (options: SandboxOptions): Promise<Parts> => {
  const etc = (network: NetworkKind): Bind[] => makeEtc(options.stateDir, network, options.door?.names ?? []);
  const etcs = { isolated: etc("isolated"), none: etc("none"), host: etc("host") };
  const etcBinds = Object.values(etcs).flatMap((binds) => binds.filter(({ target }) => target === "/etc"));
  await endLeftovers(
    etcBinds.map(({ source }) => source),
    options.log,
  );
  const residents = new Set<Resident>();
  const program = seccompProgram(process.arch);
  const seccompFile = join(options.stateDir, "seccomp.bpf");
  if (program !== undefined) writeFileSync(seccompFile, program);
  return {
    groups: await openControlGroups(),
    users: isRoot() ? await openHostUsers() : ownUser,
    networks: createNetworks({ ...options, residents, allowHostServices: options.allowHostServices ?? [] }),
    residents,
    staging: isRoot() ? memoize(createStaging) : undefined,
    inherited: findInheritedDescriptors(INFO_FD),
    blank: makeBlankFiles(options.stateDir),
    outputs: openOutputPipes(options.stateDir, options.log),
    seccompFile: program === undefined ? undefined : seccompFile,
    etc: etcs,
  };
};

/** Registers it with the function door, until it has ended. */
const settle = (
  residents: Set<Resident>,
  { child: { pid }, exited }: SandboxedProcess,
  { name, organization, network }: SandboxCommand,
  { uid }: HostUser,
): void => {
  const own = uid === undefined ? {} : { uid };
  const resident: Resident = {
    pid,
    organization,
    atHost: network === "host",
    ...own,
    ...(name === undefined ? {} : { name }),
  };
  residents.add(resident);
  void exited.then(() => residents.delete(resident));
};

/** Starts one command; `staging` is made already. What was prepared for it is taken back when it cannot start. */
const spawnAs = async (
  parts: Parts,
  name: string,
  user: HostUser,
  enter: readonly string[],
  staging: Staging | undefined,
  command: SandboxCommand,
  log: Log,
): Promise<SandboxedProcess> => {
  const { limits, channel = false, inherited } = command;
  const third = inherited ?? (channel ? "pipe" : "ignore");
  const bubblewrap = await optionsOf(parts, staging, command, user.uid);
  const group = parts.groups.create(name);
  try {
    group.apply(limits, command.background);
    const namespaces = [...enter, ...(staging === undefined ? [] : [`--mount=${staging.namespace}`])];
    const words = chain({ ...parts, group, namespaces, uid: user.uid }, command);
    const outputs = await parts.outputs.take();
    const started = outputs.start((...own) => start(words, bubblewrap, parts.seccompFile, own, third));
    return followSandboxed(started, group, log);
  } catch (error) {
    void group.remove();
    throw error;
  }
};

/** The sandbox of bubblewrap. @throws Error when the staging namespace cannot be made. */
export const createBubblewrapSandbox = async (options: SandboxOptions): Promise<Sandbox> => {
  const parts = await prepare(options);
  const living = new Set<SandboxedProcess>();
  let count = 0;
  let stagingMade: Staging | undefined;

  const claim = ({ uid }: SandboxCommand): HostUser => {
    if (uid === undefined || !isRoot()) return parts.users.claim("function");
    if (uid === 0) throw new Error("nothing in a sandbox is root outside");
    return { uid, release: () => undefined };
  };

  const placeOf = async ({ network, organization, apart }: SandboxCommand): Promise<Place> =>
    parts.networks.enter(network === "nothing" ? "host" : network, organization, apart);

  return {
    mode: "bubblewrap",
    limits: limitsOf(parts.groups, parts.seccompFile !== undefined),
    fixedLimits: fixedLimitsOf(parts.groups),
    warnings: warningsOf(parts.groups, parts.seccompFile !== undefined),
    pathOf: ({ target }) => target,
    installer: () => parts.users.claim("installer"),
    spawn: async (command) => {
      stagingMade = await parts.staging?.();
      const user = claim(command);
      count += 1;
      const name = String(count);
      let leave = (): void => undefined;
      const starting = placeOf(command).then((place) => {
        leave = place.leave;
        return spawnAs(parts, name, user, place.enter, stagingMade, command, options.log);
      });
      const running = await starting.catch((error: unknown) => {
        leave();
        user.release();
        throw error;
      });
      living.add(running);
      void running.exited.then(() => {
        living.delete(running);
        leave();
        user.release();
      });
      settle(parts.residents, running, command, user);
      return running;
    },
    neighbour: (ends) => neighbourAt(ends, parts.residents),
    close: async () => {
      await Promise.all([...living].map((running) => running.terminate(0)));
      await Promise.all([parts.networks.close(), stagingMade?.close(), parts.outputs.close()]);
      await parts.groups.close();
      parts.users.close();
    },
  };
};
