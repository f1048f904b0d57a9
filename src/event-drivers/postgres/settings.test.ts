/** Where the database is and what is heard of it, with each mistake told. */
import { expect, test } from "vitest";
import { readPostgresSettings } from "./settings.ts";

const flags = { channel: "orders, Other", source: "postgres" };

test("the address comes from the secret, whole or in parts", () => {
  const url = "postgres://u:p@db/shop";
  const whole = readPostgresSettings(flags, { URL: url });
  expect(whole.connection).toMatchObject({ connectionString: url });
  expect(whole.channels).toEqual(["orders", "Other"]);
  const parts = readPostgresSettings({ ...flags, host: "db" }, { USERNAME: "u", PASSWORD: "p", CERTIFICATE: "PEM" });
  const expected = { host: "db", port: 5432, user: "u", password: "p", database: "u", ssl: { ca: "PEM" } };
  expect(parts.connection).toMatchObject(expected);
});

test.each([
  ["?sslmode=require", "", { ca: "PEM" }],
  ["?sslmode=no-verify", "", { ca: "PEM", rejectUnauthorized: false }],
  ["?sslmode=disable", "", false],
  ["?sslmode=disable", "verify-full", { ca: "PEM" }],
  ["", "", { ca: "PEM" }],
])("url %j and sslmode %j: the certificate of the secret counts", (query, sslmode, ssl) => {
  const environment = { URL: `postgres://u:p@db/shop${query}`, CERTIFICATE: "PEM" };
  const { connection } = readPostgresSettings({ ...flags, sslmode }, environment);
  expect(connection).toMatchObject({ connectionString: "postgres://u:p@db/shop", ssl });
});

test.each([
  [{ channel: "" }, /channel is missing/],
  [{ channel: "x".repeat(64) }, /more than 63 bytes/],
  [{ host: "" }, /host or username missing/],
  [{ port: "many" }, /port is many/],
  [{ sslmode: "prefer" }, /sslmode is prefer: use verify-full/],
  [{ client_certificate: "PEM" }, /client_certificate and client_key of the secret belong together/],
  [{ url: "mysql://db" }, /url is no address of PostgreSQL/],
])("%j is refused with a sentence", (wrong, reason) => {
  expect(() => readPostgresSettings({ ...flags, host: "db", username: "u", ...wrong }, {})).toThrow(reason);
});
