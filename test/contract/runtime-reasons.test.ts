/** The reason of an error, and results that cannot be said: whatever a function throws or returns. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Language } from "../../src/core/shared/ports.ts";
import { createHarness, findObstacle, type Harness, invoke, run, startFunction, suiteName } from "./runtime-harness.ts";

const obstacle = await findObstacle();

/** Exceptions whose attributes cannot be read. */
const HOSTILE = `class Closed(Exception):
  @property
  def __cause__(self): raise RuntimeError("cause")
class Hidden(Exception):
  def __getattribute__(self, name): raise RuntimeError(name)`;

describe.skipIf(obstacle !== undefined)(suiteName("what is told of a run", obstacle), () => {
  let harness: Harness;
  beforeAll(async () => {
    harness = await createHarness();
  });
  afterAll(() => harness.close());

  const each = async (language: Language, source: string, count: number) => {
    const worker = await startFunction(harness.runtime, language, source);
    const outcomes = [];
    for (let at = 0; at < count; at += 1) outcomes.push(await run(worker, at));
    await worker.stop("retired");
    return outcomes;
  };

  test("Node.js: errors", async () => {
    const thrown: [string, RegExp, string][] = [
      ["new Error('a', { cause: new Error('b', { cause: 'c' }) })", /^a: b: c$/, "FunctionError"],
      ["new AggregateError([new Error('x'), new Error('y')], 'both')", /^both: x; y$/, "FunctionError"],
      [
        "new TypeError('fetch failed', { cause: Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }) })",
        /^fetch failed: refused$/,
        "FunctionError",
      ],
      ["new TypeError('no name', { cause: new Error('empty') })", /^no name: empty$/, "InputError"],
      ["new TypeError('no name')", /^no name$/, "InputError"],
      ["{ toString() { throw 1 }, toJSON() { throw 2 } }", /toString/, "FunctionError"],
      ["Object.create(null)", /^\{\}$/, "FunctionError"],
      ["Object.defineProperty(new Error(), 'message', { get() { throw 1 } })", /^Error$/, "FunctionError"],
      ["(() => { const e = new Error('round'); e.cause = e; return e; })()", /^round$/, "FunctionError"],
      [
        "new SuppressedError(new Error('closing failed'), new Error('zone is full'), 'two errors')",
        /^two errors: zone is full; closing failed$/,
        "FunctionError",
      ],
      ["Symbol('odd')", /odd/, "FunctionError"],
      ["undefined", /^undefined$/, "FunctionError"],
      ["''", /^an empty text was thrown$/, "FunctionError"],
      ["new Map([['zone', 'full']])", /^Map\(1\) \{ 'zone' => 'full' \}$/, "FunctionError"],
      [
        "({ status: 'rejected', reason: new Error('quota'), size: 5n })",
        /"reason":"quota","size":"5"/,
        "FunctionError",
      ],
      ["(() => { const o = { why: 'quota' }; o.self = o; return o; })()", /why: 'quota'/, "FunctionError"],
      ["new Error('a', { cause: [new Error('in a list')] })", /^a: \["in a list"\]$/, "FunctionError"],
      ["new (class InputError extends Error {})('no size')", /^no size$/, "InputError"],
      ["Object.assign(new Error(), { message: 5 })", /^5$/, "FunctionError"],
      [
        "(() => { const a = new Error('a'); a.cause = new Error('b', { cause: a }); return a; })()",
        /^a: b$/,
        "FunctionError",
      ],
      ["Proxy.revocable({}, {}).proxy", /./, "FunctionError"],
    ];
    const source = `const thrown = [${thrown.map(([text]) => `() => (${text})`).join(",")}];\nmodule.exports = (context, at) => { throw thrown[at](); };`;
    const outcomes = await each("nodejs", source, thrown.length);
    for (const [at, [, message, type]] of thrown.entries()) {
      expect(outcomes[at]?.error?.message).toMatch(message);
      expect(outcomes[at]?.error?.type).toBe(type);
      expect(JSON.stringify(outcomes[at]?.error)).not.toMatch(/\/opt\/dispatch|\/function\//);
    }
    expect(outcomes[0]?.error?.stacktrace?.join("\n")).toMatch(
      /^Error: a\n[\s\S]*\[cause\]: Error: b\n[\s\S]*\[cause\]: c/,
    );
    const round = thrown.findIndex(([text]) => text.includes("round"));
    expect(outcomes[round]?.error?.stacktrace).toContain("  [cause]: [Circular]");
  });

  test("Python: errors", async () => {
    const raised: [string, RegExp, string][] = [
      [
        "try: int('x')\n  except ValueError as e: raise RuntimeError('size') from e",
        /^size: invalid literal/,
        "FunctionError",
      ],
      ["try: int('x')\n  except ValueError: raise RuntimeError('size')", /^size$/, "FunctionError"],
      ["raise ValueError('caller')", /^caller$/, "InputError"],
      ["import ssl\n  raise ssl.SSLCertVerificationError('certificate')", /certificate/, "FunctionError"],
      ["raise Odd()", /str\(\) failed/, "FunctionError"],
      [
        "e = RuntimeError('no zone')\n  e.__notes__ = ['try gcp', 2]\n  raise e",
        /^no zone \(try gcp; 2\)$/,
        "FunctionError",
      ],
      [
        "a, b = RuntimeError('a'), ValueError('b')\n  a.__cause__, b.__cause__ = b, a\n  raise a",
        /^a: b$/,
        "FunctionError",
      ],
      ["raise Closed('x')", /^x$/, "FunctionError"],
      ["raise Hidden('x')", /^x$/, "FunctionError"],
      ["raise KeyError('name')", /^KeyError: 'name'$/, "FunctionError"],
      ["raise SystemExit('no quota')", /ended its process \(exit code 1\): no quota$/, "FunctionError"],
    ];
    const functions = raised.map(([text], at) => `def f${at}():\n  ${text}`).join("\n");
    const source = `class Odd(Exception):\n  def __str__(self): raise SystemExit(3)\n${HOSTILE}\n${functions}\ndef handle(context, at): globals()["f%d" % at]()`;
    const outcomes = await each("python3", source, raised.length);
    for (const [at, [, message, type]] of raised.entries()) {
      expect(outcomes[at]?.error?.message).toMatch(message);
      expect(outcomes[at]?.error?.type).toBe(type);
      expect(JSON.stringify(outcomes[at]?.error)).not.toMatch(/dispatch_guest|\/function\//);
    }
    expect(outcomes[0]?.error?.stacktrace?.join("\n")).toContain("The above exception was the direct cause");
    expect(outcomes[1]?.error?.stacktrace?.join("\n")).toContain("During handling of the above exception");
  });

  test("Node.js: results that JSON would lose are refused by name, others are taken", async () => {
    const returned: [string, RegExp][] = [
      ["new Map([[1, 2]])", /it is a Map/],
      ["new WeakSet()", /it is a WeakSet/],
      ["[1][Symbol.iterator]()", /it is an Array Iterator/],
      ["(function* () { yield 1; })()", /it is a Generator/],
      ["new (class Greeter { #name = 1; })()", /it is a Greeter/],
      ["Object.assign(new Error('quota'), { code: 'E' })", /it is an Error: quota/],
      ["() => 1", /it is a function/],
      ["NaN", /it is NaN, which JSON does not know/],
      ["-1 / 0", /it is -Infinity, which JSON does not know/],
      ["new Date(NaN)", /it is a Date that is no time/],
      ["({ toJSON: () => undefined })", /its toJSON gives nothing/],
      ["({ size: Object(5n) })", /\.size is a BigInt/],
      ["null", /^null$/],
      ["({ mean: NaN })", /^\{"mean":null\}$/],
      ["[1, { vms: [{ ram: 8n }] }]", /: \[1\]\.vms\[0\]\.ram is a BigInt; return String/],
      [
        "(() => { const a = { b: {} }; a.b.c = a; return a; })()",
        /: \.b\.c is circular: it is the object that holds it, 2 levels up$/,
      ],
      ["require('stream').Readable.from(['text'])", /it is a Readable; return await text/],
      ["({ vms: [1, { tags: new Map([[1, 2]]) }] })", /: \.vms\[1\]\.tags is a Map; return Object\.fromEntries/],
      ["[[new Set([1])]]", /: \[0\]\[0\] is a Set/],
      ["({ 'a b': Object.assign(new Error('quota'), { code: 'E' }) })", /: \["a b"\] is an Error: quota/],
      ["({ when: new (class Moment { #at = 1; })() })", /: \.when is a Moment/],
      ["({ later: Promise.resolve(1) })", /: \.later is a Promise; await it/],
      ["({ list: new (class Box { items = [new Headers()]; })() })", /: \.list\.items\[0\] is a Headers/],
      ["({ n: Object(5), d: new Date(0), u: new URL('http://x/'), none: {} })", /^\{"n":5,"d":"1970.*"none":\{\}\}$/],
      ["({ get odd() { throw new Error('getter'); } })", /getter/],
      ["({})", /^\{\}$/],
      ["Object.create(null)", /^\{\}$/],
      ["new Date(0)", /1970/],
      ["({ toJSON: () => ({}) })", /^\{\}$/],
      ["new (class Point { x = 1; })()", /^\{"x":1\}$/],
    ];
    const source = `const returned = [${returned.map(([text]) => `() => (${text})`).join(",")}];\nmodule.exports = (context, at) => returned[at]();`;
    const outcomes = await each("nodejs", source, returned.length);
    for (const [at, [, said]] of returned.entries())
      expect(outcomes[at]?.error?.message ?? outcomes[at]?.output).toMatch(said);
  });

  test.each<[string, Language, string, RegExp]>([
    ["a class", "nodejs", "module.exports = class Greeter {};", /the class Greeter is exported[\s\S]*new Greeter\(\)/],
    ["a generator function", "nodejs", "exports.handler = async function* () {};", /a generator function is exported/],
    [
      "named exports",
      "nodejs",
      "exports.create = () => 1; exports.list = () => 2;",
      /there are create, list[\s\S]*\.create/,
    ],
    ["a class without a name", "nodejs", "module.exports = class {};", /a class is exported[\s\S]*new Handler\(\)/],
    [
      "an object of a class",
      "nodejs",
      "class Vm { get size() { throw new Error(); } create() {} list() {} }; module.exports = new Vm();",
      /there are create, list[\s\S]*hello\.create/,
    ],
    [
      "a class beside functions",
      "nodejs",
      "exports.Vm = class {}; exports.list = () => 2;",
      /there are list: name one/,
    ],
    ["a class", "python3", "class handle:\n  def __init__(self, context, payload): pass", /hello\.handle is a class/],
    ["a generator", "python3", "async def handle(context, payload): yield 1", /is a generator/],
    ["three parameters", "python3", "def handle(context, payload, more): pass", /must take two parameters/],
    ["another name", "python3", "def create(context, payload): pass", /it has create: name one/],
  ])("%s (%s) is refused when it is loaded, with what to write", async (_name, language, source, message) => {
    await expect(startFunction(harness.runtime, language, source)).rejects.toThrow(message);
  });

  test("Python: a file named like Python's tests runs, one named like the program is refused by name", async () => {
    const source = "def handle(context, payload): return __name__";
    const files = { "test.py": source, "__main__.py": source };
    const worker = await startFunction(harness.runtime, "python3", "", { files, handler: "test.handle" });
    expect((await run(worker)).output).toBe('"test"');
    await worker.stop("retired");
    const load = startFunction(harness.runtime, "python3", "", { files, handler: "__main__.handle" });
    await expect(load).rejects.toThrow(/rename __main__\.py/);
  });

  test.each<[Language, string]>([
    [
      "python3",
      "import sys\ndef handle(context, payload):\n  print('heard')\n  sys.stdout.close()\n  sys.stderr.close()",
    ],
    ["python3", "import sys\ndef handle(context, payload):\n  print('heard')\n  sys.stdout = None\n  del sys.stderr"],
    ["python3", "import io, sys\ndef handle(context, payload):\n  print('heard')\n  sys.stdout = io.StringIO()"],
    [
      "nodejs",
      "module.exports = async () => { await new Promise((done) => process.stdout.end('heard\\n', done)); process.stdout.destroy(); return null; };",
    ],
  ])("%s: a run that closes its outputs closes them for itself only", async (language, source) => {
    const worker = await startFunction(harness.runtime, language, source);
    for (let at = 0; at < 2; at += 1) {
      const invoked = invoke(worker, at);
      expect(await invoked.ended).toMatchObject({ output: "null" });
      expect(invoked.heard).toEqual(["stdout: heard"]);
    }
    await worker.stop("retired");
  });

  test.each<[string, Language, string, unknown]>([
    ["a callback", "nodejs", "module.exports = (c, p, done) => setTimeout(() => done(null, p), 5);", 7],
    ["an unused third parameter", "nodejs", "module.exports = (c, p, more) => [p];", [7]],
    ["a method", "nodejs", "module.exports = { n: 1, handler(c, p) { return this.n + p; } };", 8],
    ["a bound method", "python3", "class G:\n  def handle(self, c, p): return p + 1\nhandle = G().handle", 8],
    ["a partial", "python3", "import functools\ndef add(n, c, p): return n + p\nhandle = functools.partial(add, 1)", 8],
  ])("%s (%s) is served", async (_name, language, source, expected) => {
    const worker = await startFunction(harness.runtime, language, source);
    expect(JSON.parse((await run(worker, 7)).output ?? "")).toEqual(expected);
    await worker.stop("retired");
  });
});
