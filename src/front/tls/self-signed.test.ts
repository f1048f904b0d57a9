import { X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { selfSigned } from "./self-signed.ts";

const folder = mkdtempSync(join(tmpdir(), "dispatch-self-signed-"));
afterEach(() => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true, force: true });
});

test("a pair is kept while it is in force, and made again when the clock was set, forth or back", async () => {
  const at = async (now: string) => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.parse(now) });
    const { cert } = await selfSigned(folder, []);
    const { validFrom, validTo } = new X509Certificate(cert);
    expect(Date.parse(validFrom) < Date.now() && Date.now() < Date.parse(validTo)).toBe(true);
    return cert;
  };
  const first = await at("1970-01-01T00:02:00Z");
  expect(await at("1970-01-01T00:05:00Z")).toBe(first);
  const second = await at("2031-11-28T00:00:00Z");
  expect(second).not.toBe(first);
  expect(await at("2026-11-28T00:00:00Z")).not.toBe(second);
});
