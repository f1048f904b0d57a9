import { constants } from "node:os";
import { describe, expect, test } from "vitest";
import { bubblewrapOptions } from "./bubblewrap.ts";
import { findHierarchies } from "./cgroups.ts";
import { explain } from "./check.ts";
import { parseAddresses } from "./host-addresses.ts";
import { WAY_OUT_PROGRAMS } from "./network.ts";
import { filterRules, filterUpdate } from "./network-plan.ts";
import { INSTALL_PROGRAMS, missingPrograms } from "./programs.ts";
import { failureOfExit, workerExit } from "./worker-exit.ts";

describe("the control groups of a machine", () => {
  test("version 1 has a hierarchy for each controller, with the server's own place first", () => {
    const mountinfo = [
      "30 25 0:26 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory",
      "31 25 0:27 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct",
      "32 25 0:28 / /data rw - ext4 /dev/sda rw",
    ].join("\n");
    expect(findHierarchies(mountinfo, "4:memory:/system.slice/dispatch\n3:cpu,cpuacct:/\n0::/")).toEqual([
      {
        version: 1,
        parents: ["/sys/fs/cgroup/memory/system.slice/dispatch", "/sys/fs/cgroup/memory"],
        controllers: ["memory"],
      },
      { version: 1, parents: ["/sys/fs/cgroup/cpu,cpuacct/", "/sys/fs/cgroup/cpu,cpuacct"], controllers: ["cpu"] },
    ]);
  });

  test("version 2 has one for all", () => {
    const mountinfo = "30 25 0:26 / /sys/fs/cgroup rw,relatime - cgroup2 cgroup2 rw";
    expect(findHierarchies(mountinfo, "0::/system.slice/dispatch.service")).toEqual([
      {
        version: 2,
        parents: ["/sys/fs/cgroup/system.slice/dispatch.service", "/sys/fs/cgroup"],
        controllers: ["memory", "cpu", "pids"],
      },
    ]);
  });
});

describe("the filter of a functions' network", () => {
  test("refuses whatever leaves for the host, and is free on the own loopback", () => {
    const rules = filterRules(["192.0.2.7", "198.51.100.0/24"])
      .split("\n")
      .map((line) => line.trim());
    expect(rules).toContain(
      "set host { type ipv4_addr; flags interval; auto-merge; elements = { 192.0.2.7, 198.51.100.0/24 } }",
    );
    expect(rules.indexOf('oifname "lo" accept')).toBeLessThan(rules.findIndex((rule) => rule.includes("127.0.0.0/8")));
    expect(filterRules([])).toContain("auto-merge;  }");
  });

  test("changes in one step", () => {
    expect(filterUpdate(["192.0.2.7"])).toBe(
      "flush set inet dispatch host\nadd element inet dispatch host { 192.0.2.7 }\n",
    );
    expect(filterUpdate([])).toBe("flush set inet dispatch host\n");
  });

  test("knows every address that the host answers on", () => {
    const routes = '[{"type":"local","dst":"127.0.0.0/8"},{"type":"broadcast","dst":"192.0.2.255"},{"dst":"default"}]';
    const interfaces = '[{"addr_info":[{"local":"192.0.2.7"},{"local":"fe80::1"}]},{"ifname":"down"}]';
    expect(parseAddresses(routes, interfaces)).toEqual(["127.0.0.0/8", "192.0.2.255", "192.0.2.7"]);
    expect(parseAddresses("", "")).toEqual([]);
  });
});

test("a program that is missing is told by name", async () => {
  expect(await missingPrograms(["sh", "no-such-program"])).toEqual(["no-such-program"]);
  for (const program of WAY_OUT_PROGRAMS) expect(INSTALL_PROGRAMS).toContain(program);
});

describe("the sandbox's view", () => {
  const options = bubblewrapOptions({
    binds: [
      { source: "/usr", target: "/usr" },
      { source: "/work", target: "/build", writable: true },
    ],
    links: [{ path: "/bin", target: "usr/bin" }],
    environment: { A: "b" },
    directory: "/tmp",
    disk: 16,
    functionSpace: 320,
    seccompFd: 5,
    infoFd: 6,
  }).join(" ");

  test("is read-only but for its own memory file systems, which have a size", () => {
    expect(options).toContain("--ro-bind /usr /usr --bind /work /build");
    expect(options).toContain("--size 16777216 --perms 0700 --tmpfs /tmp");
    expect(options).toContain("--remount-ro /dev");
    expect(options).toContain("--remount-ro / --chdir /tmp");
  });

  test("hides the sandbox's init, with nothing in its place that could be written", () => {
    expect(options).toContain("--proc /proc --size 4096 --perms 0555 --tmpfs /proc/1 --remount-ro /proc/1");
  });

  test("has namespaces of its own, an empty environment and the filter", () => {
    for (const option of ["user", "pid", "ipc", "uts"]) expect(options).toContain(`--unshare-${option}`);
    expect(options).toContain("--die-with-parent --new-session --clearenv --cap-drop ALL");
    expect(options).toContain("--seccomp 5");
  });
});

describe("the end of a worker", () => {
  const killed = { code: 128 + constants.signals.SIGKILL, signal: null };

  test("is told by name", () => {
    const ended = (exit: Parameters<typeof workerExit>[0]) => failureOfExit(workerExit(exit, undefined), 64).message;
    const quiet = { signal: null, memoryExceeded: false };
    expect(ended({ ...quiet, code: 3 })).toBe("the function ended its process (exit code 3)");
    expect(ended({ ...quiet, code: 139 })).toBe("the function ended its process (signal SIGSEGV)");
    expect(ended({ ...killed, memoryExceeded: true })).toBe("the function exceeded its memory limit of 64 MB");
    expect(ended({ ...killed, memoryExceeded: false })).toBe("the function ended its process (signal SIGKILL)");
  });

  test("is no matter of memory when only a child was killed for it", () => {
    expect(workerExit({ code: 3, signal: null, memoryExceeded: true }, undefined).reason).toBe("exited");
  });

  test("has the reason of the one who stopped it", () => {
    expect(workerExit({ ...killed, memoryExceeded: false }, "timeout").reason).toBe("timeout");
  });
});

test("a complaint becomes a sentence with the remedy", () => {
  expect(explain('slirp4netns: open("/dev/net/tun"): No such file or directory')).toMatch(/modprobe tun/);
  expect(explain("nsenter: netlink: Error: cache initialization failed: Operation not permitted")).toMatch(/nf_tables/);
  expect(explain("bwrap: something new")).toMatch(/something new.*--sandbox none/);
});
