import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { type Definition, definitions, type SettingName } from "./definitions.ts";
import { type InForce, type Invocation, readSettings } from "./read.ts";
import { variableOf } from "./resolve.ts";
import { settingsJson, settingsTable } from "./show.ts";

const folder = mkdtempSync(join(tmpdir(), "dispatch-settings-"));
afterAll(() => rmSync(folder, { recursive: true }));

let count = 0;
function file(value: object): string {
  const path = join(folder, `${++count}.json`);
  writeFileSync(path, JSON.stringify(value));
  return path;
}

async function inForce(args: readonly string[], environment: Record<string, string> = {}): Promise<InForce> {
  const invocation = await readSettings(args, environment);
  if (!("settings" in invocation)) throw new Error(`nothing in force: ${invocation.kind}`);
  return invocation;
}

/** Values that the setting takes: in the file, in the environment, as a flag. */
function examples(name: SettingName): readonly string[] {
  const definition: Definition = definitions[name];
  switch (definition.type) {
    case "boolean":
      return ["true", "false", "true"];
    case "number":
      return definition.max === 64 ? ["1", "2", "3"] : ["2001", "2002", "2003"];
    case "duration":
      return ["21s", "22s", "23s"];
    case "list":
      return ["of-file", "of-environment", "of-flag"];
    case "string":
      return definition.choices?.filter((choice) => choice !== "") ?? ["of-file", "of-environment", "of-flag"];
  }
}

describe.each(Object.keys(definitions) as SettingName[])("%s", (name) => {
  const [inFile, inEnvironment = "", inFlag = inFile] = examples(name);
  const environment = { [variableOf(name)]: inEnvironment };
  const flag = `--${name}=${inFlag}`;

  test("comes from the flag, else the environment, else the file, else its default", async () => {
    const config = ["--config", file({ [name]: inFile })];
    const originOf = async (args: readonly string[], variables: Record<string, string>): Promise<string> =>
      (await inForce(args, variables)).resolved.find((one) => one.name === name)?.source ?? "";
    expect(await originOf([...config, flag], environment)).toBe(`--${name}`);
    expect(await originOf(config, environment)).toBe(variableOf(name));
    expect(await originOf(config, {})).toBe(`${name} in ${config[1]}`);
    expect(await originOf([], {})).toBe("default");
  });
});

test("a switch that a flag turns off stays off, whatever the environment says", async () => {
  const { settings } = await inForce(["--debug=false"], { DISPATCH_DEBUG: "true" });
  expect(settings.debug).toBe(false);
});

test("settings of the older product's local group yield to the environment like all others", async () => {
  const config = file({ local: { "gateway-port": 1, "gateway-tls-port": 2 } });
  const { settings } = await inForce(["--config", config], { DISPATCH_GATEWAY_PORT: "3" });
  expect([settings["gateway-port"], settings["gateway-tls-port"]]).toEqual([3, 2]);
});

describe("settings of the older product", () => {
  test("are accepted from flag, environment and file, with one sentence each about what there is instead", async () => {
    const config = file({ tracer: "x", local: { "docker-host": "h" }, image: { "pull-period": "1s" } });
    const { notices } = await inForce(["--config", config, "--resync-period", "20s"], { DISPATCH_IMAGE_REGISTRY: "r" });
    expect(notices).toEqual([
      "--resync-period has no effect here: changes take effect at once, nothing is polled",
      "DISPATCH_IMAGE_REGISTRY has no effect here: functions need no images of Docker, so no registry is asked",
      `tracer in ${config} has no effect here: GET /metrics has the figures of every run`,
      `local.docker-host in ${config} has no effect here: functions run in sandboxes on this machine`,
      `image.pull-period in ${config} has no effect here: functions need no images of Docker, so no registry is asked`,
    ]);
  });

  test.each(["db-database", "registry-auth", "image-manager", "function-manager", "secret-store", "events-gateway"])(
    "include --%s",
    async (name) => expect((await inForce([`--${name}`, "x"])).notices).toHaveLength(1),
  );

  test("but PostgreSQL is refused, because the data would not be where it is expected", async () => {
    await expect(readSettings(["--db-backend", "postgres"], {})).rejects.toThrow(
      '--db-backend is "postgres": name the database itself with --db postgres://user@host/name',
    );
  });
});

test("TLS settings without --enable-tls are named, because they do nothing", async () => {
  expect((await inForce(["--lets-encrypt-domain", "a.example"])).notices).toEqual([
    "lets-encrypt-domain has no effect without --enable-tls",
  ]);
});

test.each([
  [["--prot", "1"], "unknown flag: --prot (did you mean --port?)"],
  [["--port"], "flag needs an argument: --port"],
  [["confg"], 'unknown command "confg" for "dispatch-server"\n\nDid you mean this?\n\tconfig\n'],
  [["backup"], "accepts 1 arg(s), received 0"],
  [["config", "more"], "accepts 0 arg(s), received 1"],
  [["config", "-o", "xml"], '--output is "xml": expected table or json'],
  [["--with-key"], "unknown flag: --with-key"],
])("%j is refused with a sentence", async (args, sentence) => {
  await expect(readSettings(args, {})).rejects.toThrow(sentence);
});

test.each<[readonly string[], Partial<Invocation>]>([
  [["--help"], { kind: "help" }],
  [["backup", "--help"], { kind: "help", command: "backup" }],
  [["--version"], { kind: "version" }],
  [["backup", "f", "--with-key"], { kind: "command", command: "backup", argument: "f", options: { "with-key": true } }],
  [["--data-dir", "config", "restore", "f"], { kind: "command", command: "restore", argument: "f", options: {} }],
])("%j is understood", async (args, expected) => {
  expect(await readSettings(args, {})).toMatchObject(expected);
});

test("the table lines up, and neither it nor the JSON shows a secret", async () => {
  const { resolved } = await inForce(["--db-password", "hunter2", "--stop-grace", "90s"]);
  const table = settingsTable(resolved);
  const [heading = "", ...lines] = table.trimEnd().split("\n");
  for (const column of ["VALUE", "FROM"])
    for (const line of lines) expect(line.slice(heading.indexOf(column) - 2), line).toMatch(/^ {2}\S/);
  expect(table).toMatch(/^stop-grace +1m30s +--stop-grace$/m);
  expect(table).toMatch(/^db-password +\*\*\* +--db-password$/m);
  expect(settingsJson(resolved)).toContain('"value": "1m30s"');
  expect(table + settingsJson(resolved)).not.toContain("hunter2");
});

test("a key that stands in the file twice is refused, in any letter case", async () => {
  const path = file({ PORT: 1, local: { "gateway-port": 2 }, Port: 3 });
  await expect(inForce(["--config", path])).rejects.toThrow(
    `cannot read the configuration file ${path}: the keys "PORT" and "Port" mean the same: leave one of them`,
  );
  writeFileSync(path, '{"local": {\n"gateway-port": 1, "gateway-port": 2}}');
  await expect(inForce(["--config", path])).rejects.toThrow(
    'the key "gateway-port" stands there again at line 2 column 20: leave one of them',
  );
});
