import { fstatSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { DiskSync } from "./disk-sync.ts";

const folder = mkdtempSync(join(tmpdir(), "dispatch-disk-sync-"));
const path = join(folder, "log");
writeFileSync(path, "");
afterAll(() => rmSync(folder, { recursive: true }));

/** Ways to the disk that end when the test says so, in the order in which they began. */
function newSync() {
  const ways: ((error: Error | null) => void)[] = [];
  const files: number[] = [];
  const given: string[] = [];
  const disk = new DiskSync(path, (file, done) => {
    files.push(file);
    ways.push(done);
  });
  const ask = (name: string): void => disk.whenDurable(() => given.push(name));
  const write = (name: string): void => {
    disk.wrote();
    ask(name);
  };
  return { disk, ways, files, given, ask, write, end: (at: number) => ways[at]?.(null) };
}

test("an answer waits for what was written before it, and where all is on the disk for nothing", () => {
  const { given, ask, write, end } = newSync();
  ask("before");
  expect(given).toEqual(["before"]);
  write("a");
  ask("read");
  expect(given).toEqual(["before"]);
  end(0);
  expect(given).toEqual(["before", "a", "read"]);
  ask("behind");
  expect(given).toEqual(["before", "a", "read", "behind"]);
});

test("what is written while another write is on its way goes beside it; a later way takes along what came before", () => {
  const { ways, given, write, end } = newSync();
  for (const name of ["a", "b", "c"]) write(name);
  expect(ways).toHaveLength(3);
  end(1);
  expect(given).toEqual(["a", "b"]);
  end(0);
  expect(given).toEqual(["a", "b"]);
  end(2);
  expect(given).toEqual(["a", "b", "c"]);
});

test("beyond three ways at a time the next one begins when one has ended, for all that was written by then", () => {
  const { ways, given, write, end } = newSync();
  for (const name of ["a", "b", "c", "d", "e"]) write(name);
  expect(ways).toHaveLength(3);
  for (const at of [0, 1, 2]) end(at);
  expect(ways).toHaveLength(4);
  expect(given).toEqual(["a", "b", "c"]);
  end(3);
  expect(given).toEqual(["a", "b", "c", "d", "e"]);
  expect(ways).toHaveLength(4);
});

test("what is written alone is on the disk at once, beside others it goes their way", () => {
  const { disk, ways, given, ask, write, end } = newSync();
  disk.wrote(true);
  ask("alone");
  expect(given).toEqual(["alone"]);
  expect(ways).toHaveLength(0);
  write("a");
  disk.wrote(true);
  ask("beside");
  expect(given).toEqual(["alone"]);
  end(1);
  expect(given).toEqual(["alone", "a", "beside"]);
});

test("a way that fails gives no answer, and is an error that ends the thread", () => {
  const { ways, given, write } = newSync();
  write("a");
  expect(() => ways[0]?.(new Error("input/output error"))).toThrow("input/output error");
  expect(given).toEqual([]);
});

test("the file is closed after the last way that needs it", () => {
  const { disk, files, write, end } = newSync();
  for (const name of ["a", "b"]) write(name);
  const [file = -1] = files;
  end(1);
  disk.close();
  expect(fstatSync(file).isFile()).toBe(true);
  end(0);
  expect(() => fstatSync(file)).toThrow("EBADF");
});

test("the kernel's own way to the disk", async () => {
  const disk = new DiskSync(path);
  disk.wrote();
  await new Promise<void>((resolve) => disk.whenDurable(resolve));
  disk.close();
});
