/**
 * The system-call filter of every sandbox, as a classic BPF program that bubblewrap loads (`--seccomp`). It is a second
 * wall behind the namespaces: calls that only serve to attack a kernel, or to build new namespaces, fail.
 */

export type Architecture = "x64" | "arm64";

/** One classic BPF instruction: operation, jump if true, jump if false, constant. */
export type Instruction = readonly [code: number, jumpTrue: number, jumpFalse: number, constant: number];

const LOAD = 0x20; // BPF_LD | BPF_W | BPF_ABS
const JUMP_EQUAL = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
const JUMP_AT_LEAST = 0x35; // BPF_JMP | BPF_JGE | BPF_K
const JUMP_ANY_BIT = 0x45; // BPF_JMP | BPF_JSET | BPF_K
const RETURN = 0x06; // BPF_RET | BPF_K

const ALLOW = 0x7fff0000;
const KILL_PROCESS = 0x80000000;
const ERRNO = 0x00050000;
const EPERM = 1;
const ENOSYS = 38;
const EAFNOSUPPORT = 97;

// Offsets in struct seccomp_data; the arguments are 64 bits, little-endian, and only their low halves matter here.
const NUMBER = 0;
const ARCHITECTURE = 4;
const argument = (index: number): number => 16 + 8 * index;

const AUDIT: Record<Architecture, number> = { x64: 0xc000003e, arm64: 0xc00000b7 };
const X32_BIT = 0x40000000;

/** NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. */
const CLONE_NEW_NAMESPACE = 0x7e020000;
const TIOCSTI = 0x5412;
const TIOCLINUX = 0x541c;
const RLIMIT_CORE = 4;
const AF_UNIX = 1;
const AF_INET = 2;
const AF_INET6 = 10;
const AF_NETLINK = 16;

/** Call numbers by name: `[x64, arm64]`; null where the architecture has no such call. */
type Numbers = readonly [x64: number | null, arm64: number | null];

/** Refused with EPERM whatever their arguments. */
export const REFUSED_CALLS: Readonly<Record<string, Numbers>> = {
  mount: [165, 40],
  umount2: [166, 39],
  pivot_root: [155, 41],
  chroot: [161, 51],
  open_tree: [428, 428],
  move_mount: [429, 429],
  fsopen: [430, 430],
  fsconfig: [431, 431],
  fsmount: [432, 432],
  fspick: [433, 433],
  mount_setattr: [442, 442],
  unshare: [272, 97],
  setns: [308, 268],
  ptrace: [101, 117],
  process_vm_readv: [310, 270],
  process_vm_writev: [311, 271],
  process_madvise: [440, 440],
  pidfd_getfd: [438, 438],
  kcmp: [312, 272],
  bpf: [321, 280],
  perf_event_open: [298, 241],
  userfaultfd: [323, 282],
  io_uring_setup: [425, 425],
  io_uring_enter: [426, 426],
  io_uring_register: [427, 427],
  keyctl: [250, 219],
  add_key: [248, 217],
  request_key: [249, 218],
  open_by_handle_at: [304, 265],
  name_to_handle_at: [303, 264],
  fanotify_init: [300, 262],
  fanotify_mark: [301, 263],
  vmsplice: [278, 75],
  kexec_load: [246, 104],
  kexec_file_load: [320, 294],
  create_module: [174, null],
  init_module: [175, 105],
  finit_module: [313, 273],
  delete_module: [176, 106],
  get_kernel_syms: [177, null],
  query_module: [178, null],
  iopl: [172, null],
  ioperm: [173, null],
  modify_ldt: [154, null],
  swapon: [167, 224],
  swapoff: [168, 225],
  reboot: [169, 142],
  settimeofday: [164, 170],
  clock_settime: [227, 112],
  clock_adjtime: [305, 266],
  adjtimex: [159, 171],
  acct: [163, 89],
  quotactl: [179, 60],
  quotactl_fd: [443, 443],
  nfsservctl: [180, 42],
  lookup_dcookie: [212, 18],
  syslog: [103, 116],
  sysfs: [139, null],
  uselib: [134, null],
  ustat: [136, null],
  _sysctl: [156, null],
  vhangup: [153, 58],
  sethostname: [170, 161],
  setdomainname: [171, 162],
  memfd_secret: [447, 447],
  // Asynchronous input and output: the number of such requests is bounded for the whole machine, not for a worker.
  io_setup: [206, 0],
  io_destroy: [207, 1],
  io_submit: [209, 2],
  io_cancel: [210, 3],
  io_getevents: [208, 4],
  io_pgetevents: [333, 292],
};

const CLONE: Numbers = [56, 220];
const CLONE3: Numbers = [435, 435];
const IOCTL: Numbers = [16, 29];
const SOCKET: Numbers = [41, 198];
const PERSONALITY: Numbers = [135, 92];
const SETRLIMIT: Numbers = [160, 164];
const PRLIMIT: Numbers = [302, 261];

const load = (offset: number): Instruction => [LOAD, 0, 0, offset];
const give = (value: number): Instruction => [RETURN, 0, 0, value];
const refuse = (errno: number): Instruction => give(ERRNO | errno);

/** `body` runs when the call is this one. Every body ends in a return on all of its paths. */
const when = (numbers: Numbers, architecture: Architecture, body: readonly Instruction[]): Instruction[] => {
  const number = numbers[architecture === "x64" ? 0 : 1];
  return number === null ? [] : [[JUMP_EQUAL, 0, body.length, number], ...body];
};

/** Allows the call when the loaded word is one of the values, else refuses it. */
const allowOnly = (values: readonly number[], errno: number): Instruction[] => [
  ...values.map((value, index): Instruction => [JUMP_EQUAL, values.length - index, 0, value]),
  refuse(errno),
  give(ALLOW),
];

const checkArchitecture = (architecture: Architecture): Instruction[] => [
  load(ARCHITECTURE),
  [JUMP_EQUAL, 1, 0, AUDIT[architecture]],
  give(KILL_PROCESS),
  load(NUMBER),
  ...(architecture === "x64" ? [[JUMP_AT_LEAST, 0, 1, X32_BIT] as const, refuse(ENOSYS)] : []),
];

/** Unix and IP sockets, and of netlink only the routing family, which `getifaddrs` needs. */
const checkSocket = (): Instruction[] => {
  const netlink: Instruction[] = [load(argument(2)), ...allowOnly([0], EAFNOSUPPORT)];
  return [
    load(argument(0)),
    [JUMP_EQUAL, 0, netlink.length, AF_NETLINK],
    ...netlink,
    ...allowOnly([AF_UNIX, AF_INET, AF_INET6], EAFNOSUPPORT),
  ];
};

/** Core dumps stay off, see process-limits.ts: with a limit of 0 the kernel would start the machine's program for them. */
const keepCoreLimit = (resource: number): Instruction[] => [
  load(argument(resource)),
  [JUMP_EQUAL, 0, 1, RLIMIT_CORE],
  refuse(EPERM),
  give(ALLOW),
];

/** prlimit64 also reads limits: only with a new one, whose address is not 0, is it refused. */
const keepCoreLimitOfAny = (): Instruction[] => [
  load(argument(1)),
  [JUMP_EQUAL, 0, 5, RLIMIT_CORE],
  load(argument(2)),
  [JUMP_EQUAL, 0, 2, 0],
  load(argument(2) + 4),
  [JUMP_EQUAL, 1, 0, 0],
  refuse(EPERM),
  give(ALLOW),
];

/** The filter as instructions, for one architecture. */
export const seccompInstructions = (architecture: Architecture): Instruction[] => [
  ...checkArchitecture(architecture),
  ...Object.values(REFUSED_CALLS).flatMap((numbers) => when(numbers, architecture, [refuse(EPERM)])),
  // The flags of clone3 lie behind a pointer that a filter cannot follow; ENOSYS makes C libraries fall back to clone.
  ...when(CLONE3, architecture, [refuse(ENOSYS)]),
  ...when(CLONE, architecture, [
    load(argument(0)),
    [JUMP_ANY_BIT, 0, 1, CLONE_NEW_NAMESPACE],
    refuse(EPERM),
    give(ALLOW),
  ]),
  ...when(IOCTL, architecture, [
    load(argument(1)),
    [JUMP_EQUAL, 1, 0, TIOCSTI],
    [JUMP_EQUAL, 0, 1, TIOCLINUX],
    refuse(EPERM),
    give(ALLOW),
  ]),
  ...when(SETRLIMIT, architecture, keepCoreLimit(0)),
  ...when(PRLIMIT, architecture, keepCoreLimitOfAny()),
  ...when(SOCKET, architecture, checkSocket()),
  ...when(PERSONALITY, architecture, [load(argument(0)), ...allowOnly([0, 0xffffffff], EPERM)]),
  give(ALLOW),
];

/**
 * The filter as bubblewrap wants it: instructions of 8 bytes in the machine's byte order (both are little-endian).
 * @param architecture `process.arch`; undefined is answered for machines that the table does not know.
 */
export const seccompProgram = (architecture: string): Buffer | undefined => {
  if (architecture !== "x64" && architecture !== "arm64") return undefined;
  const instructions = seccompInstructions(architecture);
  const program = Buffer.alloc(instructions.length * 8);
  instructions.forEach(([code, jumpTrue, jumpFalse, constant], index) => {
    program.writeUInt16LE(code, index * 8);
    program.writeUInt8(jumpTrue, index * 8 + 2);
    program.writeUInt8(jumpFalse, index * 8 + 3);
    program.writeUInt32LE(constant >>> 0, index * 8 + 4);
  });
  return program;
};
