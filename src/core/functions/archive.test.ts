import { createHash, randomBytes } from "node:crypto";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { Header } from "tar";
import { describe, expect, test } from "vitest";
import { SourceError } from "../shared/source-file.ts";
import { readArchive } from "./archive.ts";

type EntryType = "File" | "Directory" | "SymbolicLink" | "Link" | "CharacterDevice" | "FIFO" | "ExtendedHeader";

interface Entry {
  readonly path: string;
  readonly text?: string;
  readonly type?: EntryType;
  readonly mode?: number;
  readonly linkpath?: string;
}

function block(entry: Entry, size: number): Buffer {
  const header = new Header({ mode: 0o644, type: "File", ...entry, size, mtime: new Date(0) });
  header.encode();
  return header.block ?? Buffer.alloc(0);
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(-bytes.length & 511)]);
}

/** A tar as the published command line writes it: no end-of-archive; and, on request, no padding of the last entry. */
function unclosedTar(entries: readonly Entry[], lastPadded = true): Buffer {
  const pieces = entries.map((entry, index) => {
    const content = Buffer.from(entry.text ?? "");
    const body = index === entries.length - 1 && !lastPadded ? content : padded(content);
    return Buffer.concat([block(entry, content.length), body]);
  });
  return Buffer.concat(pieces);
}

function closedTar(entries: readonly Entry[]): Buffer {
  return Buffer.concat([unclosedTar(entries), Buffer.alloc(1024)]);
}

/** Makes the first header valid again, so that damage gets past the checksum. */
function writeChecksum(tar: Buffer): void {
  tar.fill(" ", 148, 156);
  const sum = tar.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  tar.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
}

async function contents(tar: Buffer) {
  const files = await readArchive(gzipSync(tar));
  return Object.fromEntries(files.map(({ path, bytes }) => [path, Buffer.from(bytes).toString()]));
}

describe("a source archive is read", () => {
  const entries = [
    { path: "./hello.py", text: "print()" },
    { path: ".//lib/util.py", text: "x = 1" },
  ];

  test.each([
    ["with an end-of-archive", closedTar(entries)],
    ["with the padding of its last record", Buffer.concat([closedTar(entries), Buffer.alloc(10_240 - 1024)])],
    ["without an end-of-archive", unclosedTar(entries)],
    ["without the padding of its last entry", unclosedTar(entries, false)],
  ])("%s", async (_name, tar) => {
    expect(await contents(tar)).toEqual({ "hello.py": "print()", "lib/util.py": "x = 1" });
  });

  test("whose last entry fills its blocks exactly", async () => {
    const text = "x".repeat(1024);
    expect(await contents(unclosedTar([{ path: "a.py", text }], false))).toEqual({ "a.py": text });
  });

  test("with folders, empty files and a file given twice, of which the last counts", async () => {
    const tar = closedTar([
      { path: "./", type: "Directory" },
      { path: "lib/", type: "Directory" },
      { path: "lib/__init__.py" },
      { path: "a.py", text: "old" },
      { path: "a.py", text: "new" },
    ]);
    expect(await contents(tar)).toEqual({ "lib/__init__.py": "", "a.py": "new" });
  });

  test("with a megabyte of any bytes, unchanged", async () => {
    const bytes = randomBytes(1024 * 1024 + 7);
    const tar = Buffer.concat([block({ path: "blob.bin" }, bytes.length), bytes]);
    const [file] = await readArchive(gzipSync(tar));
    const digest = (data: Uint8Array) => createHash("sha256").update(data).digest("hex");
    expect(digest(file?.bytes ?? new Uint8Array())).toBe(digest(bytes));
  });

  test("with modes reduced to executable or not", async () => {
    const tar = closedTar([
      { path: "run", mode: 0o4750 },
      { path: "data", mode: 0o600 },
    ]);
    expect((await readArchive(gzipSync(tar))).map(({ mode }) => mode)).toEqual([0o755, 0o644]);
  });
});

describe("a source archive is refused with a sentence that names the entry", () => {
  test.each<[string, Entry[], string]>([
    ["an absolute path", [{ path: "/etc/passwd" }], '"/etc/passwd" in the source is absolute'],
    ["a path upwards", [{ path: "lib/../../x.js" }], '"lib/../../x.js" in the source leads out of the source'],
    ["a symbolic link", [{ path: "a.js" }, { path: "b", type: "SymbolicLink", linkpath: "/etc" }], 'has a link: "b"'],
    ["a hard link", [{ path: "a.js" }, { path: "b", type: "Link", linkpath: "a.js" }], 'has a link: "b"'],
    ["a device", [{ path: "null", type: "CharacterDevice" }], 'neither a file nor a folder: "null"'],
    ["a pipe", [{ path: "pipe", type: "FIFO" }], 'neither a file nor a folder: "pipe"'],
    ["a control character", [{ path: "a\nb.js" }], '"a\\nb.js" in the source has a control character'],
    ["a file that is a folder as well", [{ path: "a" }, { path: "a/b.js" }], 'both a file "a" and a folder'],
    ["no file at all", [{ path: "lib", type: "Directory" }], "The source is empty"],
  ])("%s", async (_name, entries, message) => {
    const reading = readArchive(gzipSync(closedTar(entries)));
    await expect(reading).rejects.toThrow(SourceError);
    await expect(reading).rejects.toThrow(message);
  });

  test("a long path hidden in an extended header", async () => {
    const record = "27 path=../../../outside.js\n".replace(/^\d+/, () =>
      String("27 path=../../../outside.js\n".length),
    );
    const tar = closedTar([
      { path: "PaxHeader", type: "ExtendedHeader", text: record },
      { path: "inside.js", text: "x" },
    ]);
    await expect(readArchive(gzipSync(tar))).rejects.toThrow("leads out of the source");
  });
});

describe("bytes that are no source archive are refused", () => {
  const tar = closedTar([{ path: "a.js", text: "x".repeat(2000) }]);

  test.each<[string, Buffer, string]>([
    ["no gzip", tar, "is not a gzipped tar archive"],
    ["nothing", Buffer.alloc(0), "is not a gzipped tar archive"],
    ["a cut gzip", gzipSync(tar).subarray(0, 40), "is not a gzipped tar archive"],
    ["a gzip of something else", gzipSync("x".repeat(5000)), "is not a whole tar archive"],
    ["a gzip in a gzip", gzipSync(gzipSync(tar)), "is not a whole tar archive"],
    ["a tar cut in the middle of a file", gzipSync(tar.subarray(0, 1100)), "is cut off in the middle of a file"],
    ["a tar with another one behind it", gzipSync(Buffer.concat([tar, tar])), "goes on behind its end"],
    ["a tar with a byte behind it", gzipSync(Buffer.concat([tar, Buffer.from([0, 0, 7])])), "goes on behind its end"],
    [
      "a tar with a bomb of zeros behind it",
      gzipSync(Buffer.concat([tar, Buffer.alloc(48 << 20)])),
      "goes on behind its end",
    ],
    ["a gzip of nothing", gzipSync(""), "The source"],
  ])("%s", async (_name, bytes, message) => {
    const reading = readArchive(bytes);
    await expect(reading).rejects.toThrow(SourceError);
    await expect(reading).rejects.toThrow(message);
  });
});

test("however an archive is damaged, it is read or refused with a sentence", async () => {
  const tar = closedTar([
    { path: "PaxHeader", type: "ExtendedHeader", text: "14 path=a.js\n" },
    { path: "a.js", text: "x".repeat(600) },
    { path: "lib/", type: "Directory" },
  ]);
  const change = fc.tuple(fc.nat(tar.length - 1), fc.nat(255));
  await fc.assert(
    fc.asyncProperty(
      fc.array(change, { minLength: 1, maxLength: 8 }),
      fc.nat(tar.length),
      fc.boolean(),
      async (changes, end, mendChecksum) => {
        const damaged = Buffer.from(tar.subarray(0, end));
        for (const [index, byte] of changes) if (index < end) damaged[index] = byte;
        if (mendChecksum && end >= 512) writeChecksum(damaged);
        const result = await readArchive(gzipSync(damaged)).catch((error: unknown) => error);
        expect(Array.isArray(result) || result instanceof SourceError).toBe(true);
      },
    ),
    { numRuns: 300 },
  );
});

describe("a bomb is stopped before it unpacks", () => {
  test("too many bytes", async () => {
    const bomb = gzipSync(Buffer.concat([block({ path: "zeros" }, 64 << 20), Buffer.alloc(64 << 20)]));
    const limits = { unpackedBytes: 1 << 20, entries: 10 };
    await expect(readArchive(bomb, limits)).rejects.toThrow(`unpacked it has more than ${1 << 20} bytes`);
  });

  test("too many entries", async () => {
    const entries = Array.from({ length: 20 }, (_, index) => ({ path: `${index}.js` }));
    const reading = readArchive(gzipSync(closedTar(entries)), { unpackedBytes: 1 << 20, entries: 10 });
    await expect(reading).rejects.toThrow("too many entries: at most 10");
  });

  test("too many extended headers", async () => {
    const entries = Array.from({ length: 20 }, () => ({ path: "x", type: "ExtendedHeader" as const, text: "6 a=b\n" }));
    const reading = readArchive(gzipSync(closedTar(entries)), { unpackedBytes: 1 << 20, entries: 10 });
    await expect(reading).rejects.toThrow("too many entries: at most 10");
  });
});
