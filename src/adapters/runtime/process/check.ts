/** Tries one real worker with the flags that all will have, and explains in a sentence why it does not work. */
import { existsSync, readFileSync } from "node:fs";
import { messageOf } from "../../../core/shared/message-of.ts";
import type { NetworkKind, Runtime, RuntimeReport, WorkerSpec } from "../../../core/shared/ports.ts";
import { WAY_OUT_PROGRAMS } from "./network.ts";
import { INSTALL_PROGRAMS, missingPrograms } from "./programs.ts";
import type { Sandbox } from "./sandbox.ts";

const GIVE_UP = "or start the server with --sandbox none, which does not protect the machine from functions";

/** The programs of the chain, see sandbox.ts. */
const programsOf = (network: NetworkKind): string[] => [
  ...["bwrap", "unshare", "nsenter", "prlimit"],
  ...(network === "host" ? [] : ["ip"]),
  ...(network === "isolated" ? WAY_OUT_PROGRAMS : []),
];

const setting = (path: string): string => {
  try {
    return readFileSync(`/proc/sys/${path}`, "utf8").trim();
  } catch {
    return "";
  }
};

const insideContainer = (): boolean => existsSync("/.dockerenv") || existsSync("/run/.containerenv");

interface Cause {
  readonly applies: (complaint: string) => boolean;
  readonly sentence: string;
}

const isAboutNamespaces = (complaint: string): boolean =>
  /new namespace|uid map|unshare|user namespace|Operation not permitted/i.test(complaint);

/** In order: the first one that applies is reported. */
const CAUSES: readonly Cause[] = [
  {
    applies: (complaint) => /\/dev\/net\/tun/.test(complaint),
    sentence:
      "The functions' network needs /dev/net/tun, which this server may not open. Run `modprobe tun` and `chmod 0666 /dev/net/tun`, " +
      "or choose --function-network none or host.",
  },
  {
    applies: (complaint) => /^nsenter: .*nft|netlink: Error|Error: Could not process rule/m.test(complaint),
    sentence:
      "The functions' network needs nftables in the kernel. Run `modprobe -a nf_tables nft_reject_inet`, " +
      "or choose --function-network none or host.",
  },
  {
    applies: () => setting("user/max_user_namespaces") === "0",
    sentence: "User namespaces are switched off on this machine. Run `sysctl user.max_user_namespaces=15000`.",
  },
  {
    applies: (complaint) => isAboutNamespaces(complaint) && setting("kernel/unprivileged_userns_clone") === "0",
    sentence:
      "The kernel forbids user namespaces to ordinary users. Run `sysctl kernel.unprivileged_userns_clone=1` " +
      "(in /etc/sysctl.d to keep it).",
  },
  {
    applies: (complaint) =>
      isAboutNamespaces(complaint) && setting("kernel/apparmor_restrict_unprivileged_userns") === "1",
    sentence:
      "AppArmor forbids user namespaces to bubblewrap. Install its profile (`apt-get install apparmor-profiles`), " +
      "or run `sysctl kernel.apparmor_restrict_unprivileged_userns=0`.",
  },
  {
    applies: (complaint) => insideContainer() && (isAboutNamespaces(complaint) || /mount/i.test(complaint)),
    sentence:
      "This server runs inside a container that forbids namespaces. Start the container with " +
      "`--security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined --device /dev/net/tun`.",
  },
];

/** A complaint of bubblewrap and its neighbours as a sentence with the remedy. */
export const explain = (complaint: string): string => {
  const cause = CAUSES.find(({ applies }) => applies(complaint))?.sentence;
  const told = complaint.trim().split("\n").slice(-3).join(" / ");
  return cause === undefined
    ? `Functions cannot run here: ${told}. Fix that, ${GIVE_UP}.`
    : `${cause} (The sandbox said: ${told})`;
};

const tryWorker = async (start: Runtime["start"], network: NetworkKind): Promise<string | undefined> => {
  const limits = { memory: 256, cpu: 1, pids: 64, disk: 16 };
  const image = { digest: "", lock: "" };
  const spec: WorkerSpec = { organization: "dispatch", language: "nodejs", image, network, limits };
  try {
    const worker = await start(spec);
    await worker.stop("idle");
    return undefined;
  } catch (error) {
    return explain(messageOf(error));
  }
};

/** What functions can be held to on this machine; `problems` is empty when a worker starts. */
export const checkRuntime = async (
  sandbox: Sandbox,
  start: Runtime["start"],
  network: NetworkKind,
): Promise<RuntimeReport> => {
  const { limits, warnings, mode } = sandbox;
  const missing = mode === "none" ? [] : await missingPrograms(programsOf(network));
  if (missing.length > 0) {
    const sentence = `Functions run in a sandbox made of ${missing.join(", ")}, not installed here. Run \`${INSTALL_PROGRAMS}\`, ${GIVE_UP}.`;
    return { problems: [sentence], warnings, limits };
  }
  const problem = await tryWorker(start, network);
  const open = mode === "bubblewrap" && network === "host";
  return {
    problems: problem === undefined ? [] : [problem],
    warnings: open ? [...warnings, "functions share the host's network (--function-network host)"] : warnings,
    limits: { ...limits, network: mode === "none" ? "host" : network },
  };
};
