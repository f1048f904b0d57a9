import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createKeyFile } from "../../adapters/keys/key-file.ts";
import type { Keys } from "../shared/ports.ts";
import { seal, unseal } from "./envelope.ts";

let folder: string;
let keys: Keys;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "envelope-"));
  keys = await createKeyFile(join(folder, "master.key"));
});

afterAll(() => rm(folder, { recursive: true }));

const identity = { organization: "o", name: "aws" };
const values = { key: "k1", text: "ä😀\n" };

test("what was sealed opens to the same values, and shows none of them", async () => {
  const sealed = await seal(keys, identity, 3, values);
  expect(await unseal(keys, identity, sealed)).toEqual(values);
  expect(Buffer.from(sealed.data, "base64").includes("k1")).toBe(false);
});

test("the same values never look the same", async () => {
  const [one, other] = [await seal(keys, identity, 1, values), await seal(keys, identity, 1, values)];
  expect(one.data).not.toBe(other.data);
  expect(one.key).not.toBe(other.key);
});

describe("what was sealed does not open", () => {
  test("as another secret, in another organization, or as another version", async () => {
    const sealed = await seal(keys, identity, 1, values);
    await expect(unseal(keys, { ...identity, name: "mine" }, sealed)).rejects.toThrow();
    await expect(unseal(keys, { ...identity, organization: "p" }, sealed)).rejects.toThrow();
    await expect(unseal(keys, identity, { ...sealed, version: 2 })).rejects.toThrow();
  });

  test("when a byte of it was altered", async () => {
    const sealed = await seal(keys, identity, 1, values);
    for (const field of ["key", "nonce", "data"] as const) {
      const bytes = Buffer.from(sealed[field], "base64");
      bytes[0] = (bytes[0] ?? 0) ^ 1;
      await expect(unseal(keys, identity, { ...sealed, [field]: bytes.toString("base64") })).rejects.toThrow();
    }
  });

  test("under another master key", async () => {
    const others = await createKeyFile(join(folder, "other.key"));
    await expect(unseal(others, identity, await seal(keys, identity, 1, values))).rejects.toThrow();
  });
});
