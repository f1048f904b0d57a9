import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { openSecret } from "./secret.ts";
import { CLOUD_NAMES, type CloudName, type KeyOf, keysOf, SECRET_KEYS } from "./secret-keys.ts";

const HUSH = "hush-hush";

/** The keys of the file that people are told to write. */
const FILES: Readonly<Record<CloudName, readonly string[]>> = {
  aws: ["access_key", "secret_key", "region"],
  azure: ["clientId", "password", "tenant", "subscription", "admin_password", "location", "subnet", "virtual_network"],
  gcp: ["type", "project_id", "private_key_id", "private_key", "client_email", "client_id", "zone"],
  vsphere: ["host", "datacenter", "resourcePool", "vmFolder", "username", "password"],
};

const fileOf = (cloud: CloudName) => Object.fromEntries(FILES[cloud].map((key) => [key, `${HUSH} ${key}`]));
const required = (cloud: CloudName) => [...keysOf(cloud)].flatMap(([key, { optional }]) => (optional ? [] : [key]));

/** Reads every key that the cloud cannot do without; the first refusal. */
function readAll<C extends CloudName>(cloud: C, values: Record<string, string>): string {
  const secret = openSecret(cloud, values);
  try {
    for (const key of required(cloud)) secret.need(key as KeyOf<C>);
    return "complete";
  } catch (error) {
    expect(error).toMatchObject({ name: "InputError" });
    return String(error);
  }
}

describe.each(CLOUD_NAMES)("the secret %s", (cloud) => {
  test("is complete with the keys of its file", () => {
    expect(readAll(cloud, fileOf(cloud))).toBe("complete");
  });

  test("has a template with exactly its keys", () => {
    const path = new URL(`../../secrets/${cloud}.json.example`, import.meta.url);
    const template = JSON.parse(readFileSync(path, "utf8")) as Record<string, string>;
    expect(Object.keys(template).toSorted()).toEqual(Object.keys(SECRET_KEYS[cloud]).toSorted());
    for (const key of required(cloud)) expect(template[key], key).not.toBe("");
  });

  test.each(required(cloud))("without %s names it, and no value", (key) => {
    const refusal = readAll(cloud, { ...fileOf(cloud), [key]: " " });
    expect(refusal).toContain(`the secret \`${cloud}\` has no \`${key}\``);
    expect(refusal).toContain(`secrets/${cloud}.json.example`);
    expect(refusal).not.toContain(HUSH);
  });

  test.each(CLOUD_NAMES.filter((other) => other !== cloud))(
    "with the file of %s names a key and its twin there",
    (other) => {
      const refusal = readAll(cloud, fileOf(other));
      const [, missing = "", present = "", owner = ""] =
        /the secret `\w+` has no `(\w+)` but `(\w+)`, which belongs to the secret `(\w+)`: is it the wrong file\?/.exec(
          refusal,
        ) ?? [];
      expect(FILES[cloud]).toContain(missing);
      expect(FILES[other]).toContain(present);
      expect(FILES[cloud]).not.toContain(present);
      expect(Object.keys(SECRET_KEYS[owner as CloudName])).toContain(present);
      expect(refusal).not.toContain(HUSH);
    },
  );
});

test.each([
  ["aws", "access_key", { acces_key: HUSH }, "but `acces_key`: is that a slip of the pen?"],
  ["aws", "access_key", { clientId: HUSH }, "but `clientId`, which belongs to the secret `azure`"],
  ["aws", "region", { zone: HUSH }, "but `zone`, which belongs to the secret `gcp`"],
  ["azure", "password", { secret_key: HUSH }, "but `secret_key`, which belongs to the secret `aws`"],
  ["vsphere", "host", { tenant: HUSH }, "but `tenant`, which belongs to the secret `azure`"],
  ["gcp", "zone", { nonsense: HUSH }, "has no `zone`: write it into gcp.json"],
] as const)("the secret %s without %s but with another key says so", (cloud, key, values, sentence) => {
  expect(() => openSecret(cloud, values).need(key as never)).toThrow(sentence);
});

test("the exact key wins over other spellings, and a key of its own is no spelling of another", () => {
  expect(openSecret("azure", { client_id: "other", clientId: "exact" }).need("clientId")).toBe("exact");
  expect(openSecret("gcp", { client_id: "number" }).get("client_email")).toBeUndefined();
  expect(openSecret("vsphere", { Resource_Pool: "pool" }).need("resourcePool")).toBe("pool");
});

test("a placeholder that was left in is no value", () => {
  expect(() => openSecret("aws", { access_key: "<access_key>" }).need("access_key")).toThrow(
    "`access_key` of the secret `aws` is still the template's placeholder",
  );
});
