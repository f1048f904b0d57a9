import { expect, test } from "vitest";
import { loopback, trustedProxies } from "./trusted-proxies.ts";

test.each([
  ["127.0.0.1", true],
  ["127.9.9.9", true],
  ["::1", true],
  ["::ffff:127.0.0.1", true],
  ["10.0.0.1", false],
  ["::2", false],
  ["", false],
  [undefined, false],
])("of the loopback: %s is trusted: %s", (address, trusted) => {
  expect(trustedProxies(loopback).includes(address)).toBe(trusted);
});

test("single addresses and blocks of both families may be mixed", () => {
  const proxies = trustedProxies(["192.0.2.7", "10.0.0.0/8", "fd00::/8"]);
  const addresses = ["192.0.2.7", "192.0.2.8", "10.1.2.3", "fd12::1", "fe80::1", "::ffff:10.0.0.1"];
  expect(addresses.filter((address) => proxies.includes(address))).toEqual([
    "192.0.2.7",
    "10.1.2.3",
    "fd12::1",
    "::ffff:10.0.0.1",
  ]);
});

test.each([["10.0.0.0/99"], ["localhost"], ["10.0.0/x"], [""]])("%j is refused by name", (entry) => {
  expect(() => trustedProxies([entry])).toThrow(
    `trusted proxy ${JSON.stringify(entry)} is neither an IP address nor a CIDR block`,
  );
});
