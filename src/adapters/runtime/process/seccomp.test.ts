import { describe, expect, test } from "vitest";
import { type Architecture, REFUSED_CALLS, seccompInstructions, seccompProgram } from "./seccomp.ts";

const ARCH = { x64: 0xc000003e, arm64: 0xc00000b7 };

interface Call {
  readonly number: number;
  readonly arguments?: readonly number[];
  readonly arch?: number;
}

/** struct seccomp_data of a call, as the kernel lays it out. */
const dataOf = (call: Call, architecture: Architecture): Buffer => {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(call.number, 0);
  data.writeUInt32LE(call.arch ?? ARCH[architecture], 4);
  (call.arguments ?? []).forEach((value, index) => {
    data.writeBigUInt64LE(BigInt(value), 16 + 8 * index);
  });
  return data;
};

/** Runs the program as the kernel does; anything out of bounds is a failure of the test. */
const interpret = (architecture: Architecture, call: Call): number => {
  const data = dataOf(call, architecture);
  const program = seccompInstructions(architecture);
  let accumulator = 0;
  for (let at = 0; ; at += 1) {
    const instruction = program[at];
    if (instruction === undefined) throw new Error(`jumped out of the program at ${at}`);
    const [code, yes, no, constant] = instruction;
    if (code === 0x20) accumulator = data.readUInt32LE(constant);
    else if (code === 0x06) return constant >>> 0;
    else if (code === 0x15) at += accumulator === constant >>> 0 ? yes : no;
    else if (code === 0x35) at += accumulator >= constant ? yes : no;
    else if (code === 0x45) at += (accumulator & constant) !== 0 ? yes : no;
    else throw new Error(`unknown operation ${code}`);
  }
};

const ALLOW = 0x7fff0000;
const errno = (number: number): number => 0x50000 | number;

describe.each(["x64", "arm64"] as const)("the filter for %s", (architecture) => {
  const column = architecture === "x64" ? 0 : 1;
  const number = (pair: readonly [number, number]): number => pair[column];

  test("refuses every call of its table", () => {
    for (const numbers of Object.values(REFUSED_CALLS)) {
      const refused = numbers[column];
      if (refused !== null) expect(interpret(architecture, { number: refused })).toBe(errno(1));
    }
  });

  test("has in its table what attacks have used", () => {
    const used =
      "mount unshare setns ptrace process_vm_writev pidfd_getfd io_uring_setup io_setup io_submit keyctl bpf";
    expect(Object.keys(REFUSED_CALLS)).toEqual(expect.arrayContaining(used.split(" ")));
  });

  test("lets ordinary calls pass", () => {
    for (const ordinary of [
      [0, 63],
      [1, 64],
      [59, 221],
      [257, 56],
      [231, 94],
    ] as const) {
      expect(interpret(architecture, { number: number(ordinary) })).toBe(ALLOW);
    }
  });

  test("lets threads and processes start, but no new namespaces", () => {
    const clone = number([56, 220]);
    expect(interpret(architecture, { number: clone, arguments: [0x003d0f00] })).toBe(ALLOW);
    for (const flag of [0x10000000, 0x00020000, 0x40000000, 0x20000000, 0x08000000, 0x04000000, 0x02000000]) {
      expect(interpret(architecture, { number: clone, arguments: [flag | 17] })).toBe(errno(1));
    }
    expect(interpret(architecture, { number: 435 })).toBe(errno(38));
  });

  test("allows sockets of Unix, IP and routing netlink only", () => {
    const socket = number([41, 198]);
    for (const domain of [1, 2, 10])
      expect(interpret(architecture, { number: socket, arguments: [domain, 1, 6] })).toBe(ALLOW);
    expect(interpret(architecture, { number: socket, arguments: [16, 3, 0] })).toBe(ALLOW);
    expect(interpret(architecture, { number: socket, arguments: [16, 3, 12] })).toBe(errno(97));
    for (const domain of [17, 40, 38, 29, 0]) {
      expect(interpret(architecture, { number: socket, arguments: [domain, 3, 0] })).toBe(errno(97));
    }
  });

  test("refuses to type into a terminal", () => {
    const ioctl = number([16, 29]);
    expect(interpret(architecture, { number: ioctl, arguments: [0, 0x5412] })).toBe(errno(1));
    expect(interpret(architecture, { number: ioctl, arguments: [0, 0x541c] })).toBe(errno(1));
    expect(interpret(architecture, { number: ioctl, arguments: [0, 0x5401] })).toBe(ALLOW);
  });

  test("keeps the limit of core dumps, however it is named, and lets others be changed and read", () => {
    const set = number([160, 164]);
    expect(interpret(architecture, { number: set, arguments: [4, 0x1000] })).toBe(errno(1));
    expect(interpret(architecture, { number: set, arguments: [7, 0x1000] })).toBe(ALLOW);
    const any = number([302, 261]);
    for (const address of [0x1000, 0x7f00_0000_0000, 0x7f00_0000_1000]) {
      expect(interpret(architecture, { number: any, arguments: [0, 4, address] })).toBe(errno(1));
    }
    expect(interpret(architecture, { number: any, arguments: [0, 4, 0] })).toBe(ALLOW);
    expect(interpret(architecture, { number: any, arguments: [0, 7, 0x1000] })).toBe(ALLOW);
  });

  test("kills a process that calls through another architecture's door", () => {
    expect(interpret(architecture, { number: 1, arch: 0x40000003 })).toBe(0x80000000);
  });
});

test("the x32 way into the same kernel is closed", () => {
  expect(interpret("x64", { number: 0x40000000 | 165 })).toBe(errno(38));
});

test("the program is made of instructions of eight bytes", () => {
  expect(seccompProgram("x64")?.length).toBe(seccompInstructions("x64").length * 8);
  expect(seccompProgram("mips")).toBeUndefined();
});
