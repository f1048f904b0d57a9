import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Command } from "./grammar.ts";
import { CLOUDS, format, MACHINE_VERBS, parse } from "./grammar.ts";

const vmtest01 = { vm: "vmtest01", clouds: ["aws"] } as const;

describe("commands that are understood", () => {
  test.each<[string, Command]>([
    ["create vmtest01 on aws", { verb: "create", ...vmtest01 }],
    ["  CREATE\tvmtest01   On  AWS ", { verb: "create", ...vmtest01 }],
    ["create “vmtest01” on ‘aws’", { verb: "create", ...vmtest01 }],
    ["create `vmtest01` on aws", { verb: "create", ...vmtest01 }],
    ["create\u00a0vmtest01\u200b on aws", { verb: "create", ...vmtest01 }],
    ["delete vmtest01 on aws", { verb: "delete", ...vmtest01 }],
    ["delete vmtest01 on all", { verb: "delete", vm: "vmtest01", clouds: CLOUDS }],
    ["list gcp", { verb: "list", clouds: ["gcp"] }],
    ["list on gcp", { verb: "list", clouds: ["gcp"] }],
    ["list ALL", { verb: "list", clouds: CLOUDS }],
    ["echo hello", { verb: "echo", text: "hello" }],
    ["Echo  “Hello”   World &lt;b&gt;", { verb: "echo", text: "“Hello” World <b>" }],
    ["", { verb: "help" }],
    ["   ", { verb: "help" }],
    ["help", { verb: "help" }],
    ["HELP me", { verb: "help" }],
    ["help create", { verb: "help", topic: "create" }],
    ["start vmtest01 on aws", { verb: "start", ...vmtest01 }],
    ["stop vmtest01 on aws", { verb: "stop", ...vmtest01 }],
    ["show vmtest01 on aws", { verb: "show", ...vmtest01 }],
  ])("%j", (text, command) => {
    expect(parse(text)).toEqual({ command });
  });
});

describe("commands that are not understood say why", () => {
  test.each([
    ["craete vmtest01 on aws", "I do not know the word “craete”. Did you mean “create”?"],
    ["constructor", "I do not know the word “constructor”."],
    ["create", "Which machine? Write it like this: create vmtest01 on aws"],
    ["create vmtest01", "On which cloud? Write it like this: create vmtest01 on aws"],
    ["create vmtest01 aws", "On which cloud? Write it like this: create vmtest01 on aws"],
    ["create vmtest01 on", "On which cloud? Write it like this: create vmtest01 on aws"],
    ["create vmtest01 on aws now", "“now” is too much. Write it like this: create vmtest01 on aws"],
    ["create vmtest01 on asw", "I know no cloud “asw”. Did you mean “aws”? There are: aws, azure, gcp, vsphere, all."],
    [
      "create vm_01 on aws",
      "“vm_01” cannot name a machine: use small letters, digits and hyphens; a letter comes first, no hyphen last.",
    ],
    [
      "create -rf on aws",
      "“-rf” cannot name a machine: use small letters, digits and hyphens; a letter comes first, no hyphen last.",
    ],
    [
      `create ${"a".repeat(64)} on aws`,
      `“${"a".repeat(20)}…” is too long for a machine's name: 63 characters at most.`,
    ],
    ["list", "Which cloud? Write it like this: list aws, or: list all"],
    ["list aws gcp", "“gcp” is too much. Write it like this: list aws"],
    ["list __proto__", "I know no cloud “__proto__”. There are: aws, azure, gcp, vsphere, all."],
    ["echo", "Echo what? Write it like this: echo hello"],
  ])("%j", (text, problem) => {
    expect(parse(text)).toEqual({ problem });
  });
});

const clouds = fc.oneof(
  fc.constantFrom(...CLOUDS).map((cloud) => [cloud]),
  fc.constant([...CLOUDS]),
);
const vm = fc.stringMatching(/^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/);
const command: fc.Arbitrary<Command> = fc.oneof(
  fc.record({ verb: fc.constantFrom(...MACHINE_VERBS), vm, clouds }),
  fc.record({ verb: fc.constant("list"), clouds }),
);

test("every command survives being written down", () => {
  fc.assert(
    fc.property(command, (wanted) => {
      expect(parse(format(wanted))).toEqual({ command: wanted });
    }),
  );
});

test("an echo survives being written down", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom("&", "<", "amp;", "lt;", " ", "“", "x", "\u200b") }), (text) => {
      const first = parse(`echo ${text}`);
      if ("command" in first) expect(parse(format(first.command))).toEqual(first);
    }),
  );
});

test("any text is a command or a problem", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => Object.keys(parse(text)).length === 1));
});
