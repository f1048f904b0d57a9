import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterAll, describe, expect, test } from "vitest";
import { createKeyFile } from "../../src/adapters/keys/key-file.ts";
import { keysContract } from "./keys.ts";

const folder = mkdtempSync(join(tmpdir(), "dispatch-keys-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

keysContract(
  "key file",
  () => createKeyFile(join(folder, "one")),
  () => createKeyFile(join(folder, "other")),
);

describe("a key file", () => {
  test("is made at the first start, for its owner alone, with nothing left beside it", async () => {
    const path = join(folder, "fresh", "master.key");
    await createKeyFile(path);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readFileSync(path, "utf8")).toMatch(/^dispatch-master-key v1\n[A-Za-z0-9+/]{43}=\n$/);
    expect(readdirSync(join(folder, "fresh"))).toEqual(["master.key"]);
  });

  test("is one and the same for servers that start at the same moment", async () => {
    const path = join(folder, "race");
    const [first, ...others] = await Promise.all(Array.from({ length: 8 }, () => createKeyFile(path)));
    const wrapped = await first?.wrap(Buffer.alloc(32, 7));
    for (const other of others) expect((await other.unwrap(wrapped ?? Buffer.alloc(0)))[0]).toBe(7);
  });

  test("is refused when others may read it, with the line that closes it", async () => {
    const path = join(folder, "open");
    await createKeyFile(path);
    chmodSync(path, 0o640);
    await expect(createKeyFile(path)).rejects.toThrow(
      `open to other users (mode 0640). Close it with: chmod 600 ${path}`,
    );
  });

  test.each([
    ["empty", ""],
    ["without version", `${Buffer.alloc(32).toString("base64")}\n`],
    ["of another version", `dispatch-master-key v2\n${Buffer.alloc(32).toString("base64")}\n`],
    ["too short", `dispatch-master-key v1\n${Buffer.alloc(16).toString("base64")}\n`],
    ["with more lines", `dispatch-master-key v1\n${Buffer.alloc(32).toString("base64")}\nmore\n`],
  ])("that is %s is refused, and is left as it was", async (name, text) => {
    const path = join(folder, name.replaceAll(" ", "-"));
    writeFileSync(path, text, { mode: 0o600 });
    await expect(createKeyFile(path)).rejects.toThrow("does not hold a master key");
    expect(readFileSync(path, "utf8")).toBe(text);
  });

  test("is read in hexadecimal as well", async () => {
    const path = join(folder, "hex");
    writeFileSync(path, `dispatch-master-key v1\n${"0f".repeat(32)}\n`, { mode: 0o600 });
    const wrapped = await (await createKeyFile(path)).wrap(Buffer.alloc(32, 1));
    writeFileSync(path, `dispatch-master-key v1\n${Buffer.alloc(32, 0x0f).toString("base64")}\n`);
    expect((await (await createKeyFile(path)).unwrap(wrapped))[0]).toBe(1);
  });

  test("does not show the key when the driver is printed", async () => {
    const path = join(folder, "printed");
    const keys = await createKeyFile(path);
    const encoded = readFileSync(path, "utf8").split("\n")[1] ?? "";
    const bytes = Buffer.from(encoded, "base64").toString("hex").match(/../g) ?? [];
    expect(inspect(keys, { depth: 9 })).not.toContain(encoded);
    expect(inspect(keys, { depth: 9 })).not.toContain(bytes.join(" "));
  });
});
