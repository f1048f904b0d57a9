import type { Subject } from "./subject.ts";

export const nodejs: Subject = {
  language: "nodejs",
  file: "subject.js",
  handler: "./subject.js",
  interpreter: "node",
  source: `const { execFileSync, spawn } = require("node:child_process");
let calls = 0;
const ops = {
  echo: (context, value) => value,
  context: (context) => context,
  nothing: () => undefined,
  input: () => { throw new TypeError("the input is wrong"); },
  failure: () => { throw new Error("the function is wrong"); },
  caused: () => { throw new Error("cannot save", { cause: new Error("the disk is full") }); },
  several: () => { throw new AggregateError([new Error("first reason"), new Error("second reason")], "several things"); },
  unserialisable: () => new Map([["a", 1]]),
  long: (context, value) => "x".repeat(value),
  talk: (context, value) => { console.log("out " + value); console.error("err " + value); process.stdout.write("rest " + value); },
  flood: (context, value) => { for (let at = 0; at < value; at++) console.log("x".repeat(100)); },
  child: (context, value) => { execFileSync("sh", ["-c", "echo from the child; echo to its errors >&2"], { stdio: "inherit" }); },
  slow: (context, value) => new Promise((resolve) => setTimeout(() => resolve("slept"), value)),
  endless: () => { for (;;); },
  exit: () => process.exit(3),
  count: () => ++calls,
  secret: (context) => { console.log("the password is " + context.secrets.password); throw new Error("wrong: " + context.secrets.password); },
  variable: (context, value) => process.env[value] ?? null,
  leave: () => { spawn("sleep", ["1000"], { stdio: "ignore" }).unref(); },
  interpreter: () => execFileSync("sh", ["-c", "command -v node"]).toString().trim(),
  file: () => require("node:fs").readFileSync("data.txt", "utf8"),
  write: () => { require("node:fs").writeFileSync("/tmp/a", "kept"); return require("node:fs").readFileSync("/tmp/a", "utf8"); },
  outside: () => { try { require("node:fs").writeFileSync("/usr/a", ""); return "written"; } catch { return "refused"; } },
  late: () => { setTimeout(() => console.log("too late"), 100); return "ended"; },
};
module.exports = (context, payload) => ops[payload.op](context, payload.value);
`,
  syntaxError: { source: "module.exports = (context payload) => 1;\n", reason: /subject\.js:1[\s\S]*SyntaxError/ },
  missingHandler: { source: "module.exports = { };\n", reason: /function/ },
  wrongShape: { source: "module.exports = 5;\n", reason: /function/ },
  missingDependency: {
    source: 'require("left-pad-that-is-missing");\nmodule.exports = () => 1;\n',
    reason: /left-pad-that-is-missing/,
  },
  failsWhileLoading: { source: 'throw new Error("cannot begin");\n', reason: /cannot begin/ },
};
