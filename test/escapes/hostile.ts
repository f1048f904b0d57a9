/** Hostile functions, as source: what tests of single walls and the red team have in common. */

/** Opens the memory of its init by every spelling, then tries the calls that do the same without a path. */
export const INIT_ATTACK = `
import ctypes, os
SPELLINGS = ["/proc/1/%s", "/proc/1/task/1/%s", "/proc/self/../1/%s", "/proc/thread-self/../../../1/%s", "/proc/2/../1/%s", "/proc/self/root/proc/1/%s", "/proc/self/cwd/../proc/1/%s"]
libc = ctypes.CDLL(None, use_errno=True)
def call(*numbers):
    return ctypes.get_errno() if libc.syscall(*[ctypes.c_long(n) for n in numbers]) == -1 else "done"
def handle(context, payload):
    opened = []
    for spelling in SPELLINGS:
        for name in ("mem", "syscall", "maps", "environ", "fd", "root", "ns/pid", "cmdline"):
            for flags in (os.O_RDWR, os.O_RDONLY):
                try: os.close(os.open(spelling % name, flags)); opened.append(spelling % name)
                except OSError: pass
    try: open("/proc/1/x", "w"); opened.append("/proc/1/x")
    except OSError: pass
    pidfd = libc.syscall(434, 1, 0)
    calls = {"attach": call(101, 16, 1, 0, 0), "seize": call(101, 0x4206, 1, 0, 0), "writev": call(311, 1, 0, 0, 0, 0, 0), "readv": call(310, 1, 0, 0, 0, 0, 0), "getfd": call(438, pidfd, 0, 0), "umount": call(166, 0, 0), "unshare": call(272, 0x20000000)}
    return [opened, sorted(set(calls.values()))]`;
/** What an attack on init gives when nothing was opened and every call was refused with EPERM. */
export const INIT_OUT_OF_REACH = [[], [1]];

/** Connects to each `[host, port]` and gives what was read, or the error. */
export const CALLER = `
import socket
def handle(context, addresses):
    results = []
    for host, port in addresses:
        try:
            with socket.create_connection((host, port), 3) as connection:
                connection.settimeout(3)
                results.append(connection.recv(100).decode())
        except OSError as error:
            results.append(type(error).__name__ + ": " + str(error))
    return results`;

/**
 * Sends a datagram to each `[host, port]`, and opens a TCP connection there, by the device that leads out; gives what was
 * read by TCP, or the error.
 */
export const BY_DEVICE = `
import socket
def handle(context, addresses):
    results = []
    for host, port in addresses:
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        for one in (udp, tcp): one.setsockopt(socket.SOL_SOCKET, 25, b"tap0")
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        udp.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 8)
        tcp.settimeout(0.5)
        try: udp.sendto(b"from a function", (host, port))
        except OSError as error: pass
        try:
            tcp.connect((host, port))
            results.append(tcp.recv(100).decode())
        except OSError as error: results.append(type(error).__name__ + ": " + str(error))
    return results`;

/** Tries to read each path of the payload; gives what could be read, or the error's name. */
export const READER = `
import os
def handle(context, paths):
    found = {}
    for path in paths:
        try:
            found[path] = os.listdir(path) if os.path.isdir(path) else open(path, "rb").read(100).decode("latin1")
        except OSError as error:
            found[path] = type(error).__name__
    return found`;

/** Every file that holds the text of the payload, but for the kernel's own and the system's programs. */
export const SEARCHER = `
import os
def handle(context, text):
    found = []
    for folder, folders, files in os.walk("/"):
        folders[:] = [name for name in folders if os.path.join(folder, name) not in ("/proc", "/usr", "/dev", "/root", "/home")]
        for name in files:
            try:
                if text in open(os.path.join(folder, name), errors="replace").read(100000): found.append(os.path.join(folder, name))
            except OSError: pass
    return found`;

/** Tries to write each path of the payload; gives those that could be written. */
export const WRITER = `
import os
def handle(context, paths):
    done = []
    for path in paths:
        try:
            open(path, "w").close()
            done.append(path)
        except OSError: pass
    return done`;

/** Makes each system call of the payload with harmless arguments and gives the error numbers. */
export const SYSTEM_CALLS = `
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
def handle(context, calls):
    results = {}
    for name, arguments in calls.items():
        ctypes.set_errno(0)
        result = libc.syscall(*[ctypes.c_long(argument) for argument in arguments])
        results[name] = ctypes.get_errno() if result == -1 else "allowed"
    return results`;

/** Learns the marker as the guest writes it, and forges whatever the payload asks for. */
export const FORGER = `
  const fs = require("node:fs");
  const write = fs.writeSync;
  let marker;
  fs.writeSync = (descriptor, data, ...rest) => {
    if (descriptor === 7 && data[0] === 0) marker = Buffer.from(data);
    return write(descriptor, data, ...rest);
  };
  require("node:module").syncBuiltinESMExports();
  const frame = (type, number, body = "") => {
    const head = Buffer.alloc(9);
    head.writeUInt32BE(Buffer.byteLength(body), 0);
    head.writeUInt32BE(number, 4);
    head.writeUInt8(type, 8);
    return Buffer.concat([head, Buffer.from(body)]);
  };
  const markerOf = (number) => Buffer.from(marker.toString("latin1").replace(/:[0-9a-f]{8}\\n$/, ":" + number.toString(16).padStart(8, "0") + "\\n"), "latin1");
  module.exports = async (context, { frames = [], markers = [], after }) => {
    for (const [type, number, body] of frames) write(3, frame(type, number, body));
    for (const number of markers) { write(1, markerOf(number)); write(2, markerOf(number)); }
    if (after === "loop") for (;;);
    if (after === "wait") await new Promise(() => setInterval(() => {}, 1000));
    return "done";
  };`;

/** Holds all that it can get of inotify instances and of memory for pipes. */
export const KERNEL_TAKER = `
import ctypes, fcntl, os
libc = ctypes.CDLL(None)
kept = []
def handle(context, payload):
    while libc.inotify_init() >= 0: kept.append(1)
    for _ in range(60):
        ends = os.pipe()
        try: kept.append(fcntl.fcntl(ends[1], 1031, 1 << 20))
        except OSError: break
    return len(kept)`;

/** Asks for the same: whether it may watch a file, and how large a pipe may be. */
export const KERNEL_ASKER = `
import ctypes, fcntl, os
def handle(context, payload):
    ends = os.pipe()
    return [ctypes.CDLL(None).inotify_init() >= 0, fcntl.fcntl(ends[1], 1031, 1 << 20)]`;

/**
 * Message queues, shared memory and semaphores of System V, and a message queue of POSIX, by the keys of the payload. `take`
 * fills up to so many bytes of one kind and gives how many it has; `look` gives what it finds: the ids by these keys, the
 * lines of the kernel's tables, and why a queue of POSIX is refused.
 */
export const QUEUES = `
import ctypes, errno
libc = ctypes.CDLL("librt.so.1", use_errno=True)
libc.shmat.restype = ctypes.c_void_p
CREATE, NO_WAIT, MESSAGE, SEGMENT, SET = 0o1666, 0o4000, 8192, 1 << 22, 32000
message = (ctypes.c_long * (1 + MESSAGE // 8))(1)
def queue(key):
    identity, count = libc.msgget(key, CREATE), 0
    while libc.msgsnd(identity, message, ctypes.c_size_t(MESSAGE), NO_WAIT) == 0: count += MESSAGE
    return count
def memory(key):
    at = libc.shmat(libc.shmget(key, ctypes.c_size_t(SEGMENT), CREATE), None, 0)
    if at in (None, ctypes.c_size_t(-1).value): return 0
    ctypes.memset(at, 1, SEGMENT)
    return SEGMENT
def semaphores(key):
    return 0 if libc.semget(key, SET, CREATE) == -1 else 64 * SET
def take(kind, key, most):
    taken = 0
    while taken < most:
        more, key = {"queue": queue, "memory": memory, "semaphores": semaphores}[kind](key), key + 1
        if more == 0: break
        taken += more
    return taken
def look(key):
    found = [libc.msgget(key, 0), libc.shmget(key, ctypes.c_size_t(0), 0), libc.semget(key, 0, 0)]
    tables = [len(open("/proc/sysvipc/" + name).readlines()) - 1 for name in ("msg", "shm", "sem")]
    opened = libc.mq_open(b"/dispatch", 0o102, 0o666, None)
    return [found, tables, errno.errorcode[ctypes.get_errno()] if opened == -1 else "opened"]
def handle(context, payload):
    if "look" in payload: return look(payload["look"])
    return [take(kind, payload["key"], most) for kind, most in payload["take"].items()]`;
