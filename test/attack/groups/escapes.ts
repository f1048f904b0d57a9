/** A function that wants out of its sandbox, or into another's. */
import { REFUSED_CALLS } from "../../../src/adapters/runtime/process/seccomp.ts";
import { INIT_ATTACK, INIT_OUT_OF_REACH, READER, SEARCHER, SYSTEM_CALLS, WRITER } from "../../escapes/hostile.ts";
import { processesCalled } from "../../escapes/support.ts";
import { attacksOf, judge, nothingOf, notTried } from "../attack.ts";
import type { Target } from "../target.ts";

const EPERM = 1;

/** Where programs of a machine keep passwords for everybody; most of it is not there on most machines. */
const CREDENTIALS = ["/usr/etc/npmrc", "/usr/local/etc/npmrc", "/usr/local/etc/pip.conf", "/usr/local/etc/gitconfig"];

/** A process that wants to outlive its run, its worker and its function. */
const LEAVES_BEHIND = (seconds: string) => `
import subprocess
def handle(context, payload):
    for command in (["sleep", "${seconds}"], ["setsid", "sleep", "${seconds}"], ["nohup", "sleep", "${seconds}"]):
        subprocess.Popen(command, start_new_session=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return "left"`;

const PROCESSES = `
import os
def handle(context, pids):
    seen = [name for name in os.listdir("/proc") if name.isdigit()]
    killed = []
    for pid in pids:
        try: os.kill(pid, 9); killed.append(pid)
        except OSError: pass
    return [killed, len(seen)]`;

const ENVIRONMENTS = `
import os
def handle(context, text):
    def read(path):
        try: return open(path, "rb").read(1 << 20)
        except OSError: return b""
    pids = [name for name in os.listdir("/proc") if name.isdigit() and name != str(os.getpid())]
    return [pid for pid in pids for part in ("environ", "cmdline", "maps", "mem") if text.encode() in read("/proc/" + pid + "/" + part)]`;

const SET_USER_ID = `
import subprocess
def handle(context, payload):
    tried = subprocess.run(["/bin/sh", "-c", "mount -t tmpfs x /tmp && echo mounted; unshare -Ur echo unshared; su -c 'echo root'; id -u"], capture_output=True, text=True)
    return tried.stdout.split()`;

/** Every call of the filter, and the ways into new namespaces. */
function forbiddenCalls(): Record<string, readonly number[]> | undefined {
  const column = { x64: 0, arm64: 1 }[process.arch as string];
  if (column === undefined) return undefined;
  const clone = [56, 220][column] ?? 0;
  const filtered = Object.entries(REFUSED_CALLS).flatMap(([name, numbers]) => {
    const number = numbers[column] ?? null;
    return number === null ? [] : [[name, [number, -1, -1, -1, -1, -1]] as const];
  });
  const NEW_USER = 0x10000000;
  const NEW_MOUNTS = 0x00020000;
  const namespaces = {
    cloneUser: [clone, NEW_USER | 17, 0, 0, 0, 0],
    cloneMounts: [clone, NEW_MOUNTS | 17, 0, 0, 0, 0],
  };
  return { ...Object.fromEntries(filtered), ...namespaces };
}

export const escapes = attacksOf("escapes", {
  "write into the memory of the sandbox's init": async (target) => {
    if (process.arch !== "x64") return notTried("the numbers of its system calls are those of x64");
    const output = await target.outputOf("python3", INIT_ATTACK);
    return judge(JSON.stringify(output) === JSON.stringify(INIT_OUT_OF_REACH), output);
  },

  "leave processes behind that outlive the function": async (target) => {
    const seconds = `${1_200_000 + process.pid}.5`;
    await target.outputOf("python3", LEAVES_BEHIND(seconds));
    for (let waited = 0; waited < 5000 && processesCalled(`sleep ${seconds}`).length > 0; waited += 100)
      await pause(100);
    return nothingOf(processesCalled(`sleep ${seconds}`), "every process ended with its worker");
  },

  "make namespaces, mount, trace: every call of the filter": async (target) => {
    const calls = forbiddenCalls();
    if (calls === undefined) return notTried(`no filter is known for ${process.arch}`);
    const output = await target.outputOf("python3", SYSTEM_CALLS, calls);
    const errors = Object.entries(output as Record<string, unknown>);
    return nothingOf(
      errors.filter(([, error]) => error !== EPERM),
      `${errors.length} calls refused`,
    );
  },

  "become root by programs with set-user-id bits": async (target) => {
    const output = await target.outputOf("python3", SET_USER_ID);
    return judge(JSON.stringify(output) === '["1000"]', output);
  },

  "see or end processes of the host": async (target) => {
    const output = await target.outputOf("python3", PROCESSES, [target.server.pid, process.pid]);
    const [killed, seen] = output as [number[], number];
    return judge(killed.length === 0 && seen <= 2, `${seen} processes to be seen, ${killed.length} ended`);
  },

  "read the data folder, passwords and homes of the host": (target) =>
    readsNothing(target, [
      ...["", "/admin-token", "/master.key", "/dispatch.db", "/audit-seal.json"].map(
        (name) => target.server.dataDir + name,
      ),
      ...["/etc/shadow", "/root/.ssh", "/etc/ssh", "/var", "/run", "/sys", "/boot", "/home/.ssh", "/etc/hostname"],
    ]),

  "read credentials among the programs of the host": (target) => readsNothing(target, CREDENTIALS),

  "write outside of its own memory": async (target) => {
    const paths = [
      "/x",
      "/usr/x",
      "/etc/passwd",
      "/etc/x",
      "/dev/x",
      "/opt/x",
      "/opt/dispatch/x",
      "/proc/sys/kernel/hostname",
    ];
    const output = await target.outputOf("python3", WRITER, paths);
    return nothingOf(output as string[], `${paths.length} places are closed`);
  },

  "find another function's secret in files, memory or /tmp": async (target) => {
    const secret = `another-functions-${process.pid}`;
    const keeper = `
kept = []
def handle(context, payload):
    kept.append(payload)
    open("/tmp/kept", "w").write(payload)`;
    const victim = await target.deploy("python3", keeper);
    await target.admin.run(victim, secret);
    const half = secret.length / 2;
    const search = (source: string) =>
      `${source.replace("def handle(context, text):", `def handle(context, parts):\n    text = "".join(parts)`)}`;
    const parts = [secret.slice(0, half), secret.slice(half)];
    const files = await target.outputOf("python3", search(SEARCHER), parts);
    const memories = await target.outputOf("python3", search(ENVIRONMENTS), parts);
    return nothingOf([files, memories].flat(), "nothing of it is anywhere");
  },
});

async function readsNothing(target: Target, paths: readonly string[]) {
  const output = await target.outputOf("python3", READER, paths);
  const read = Object.entries(output as Record<string, unknown>).filter(
    ([, found]) => found !== "" && !/Error$/.test(String(found)),
  );
  return nothingOf(
    read.map(([path]) => path),
    `none of ${paths.length} is there, or it is blank`,
  );
}

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));
