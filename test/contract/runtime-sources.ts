/** The little functions of the runtime contract, in the languages of containers and sandboxes. */
import type { Sources } from "./runtime.ts";

export const nodejs: Sources = {
  echo: "module.exports = (context, payload) => ({ context, payload });",
  nothing: "module.exports = () => {};",
  asynchronous:
    "module.exports = async (context, payload) => { await new Promise(setImmediate); return payload + 1; };",
  failing: `module.exports = (context, payload) => {
    if (payload === "input") throw new TypeError("the input is wrong");
    if (payload === "other") throw new Error("the function is wrong");
  };`,
  unserialisable: "module.exports = () => { const a = {}; a.a = a; return a; };",
  talking: `module.exports = async (context, n) => {
    console.log("out " + n);
    console.error("err " + n);
    await null;
    console.log("more " + n);
    process.stdout.write("rest " + n);
  };`,
  flooding: 'module.exports = (context, n) => { for (let i = 0; i < n; i += 1) console.log("x".repeat(100)); };',
  environment: "module.exports = () => process.env;",
  endless: "module.exports = () => { for (;;); };",
  counting: `let runs = 0;
    module.exports = async () => { if (runs === 0) await new Promise((go) => setTimeout(go, 50)); return (runs += 1); };`,
  exiting: 'module.exports = () => { console.log("last words"); process.exit(3); };',
  hungry: "module.exports = () => { const all = []; for (;;) all.push(Buffer.alloc(4e6, 1)); };",
  longOutput: 'module.exports = (context, n) => "x".repeat(n);',
  rogue: `module.exports = () => { require("node:fs").writeSync(3, Buffer.from([64, 0, 0, 0, 0, 0, 0, 1, 18])); return new Promise(() => setInterval(() => {}, 1000)); };`,
  syntaxError: { source: "const a = 1;\n\nretrun a x\n", message: /hello\.js:3\n[\s\S]*SyntaxError/ },
  missingModule: {
    source: 'require("no-such-package");',
    message: /Cannot find module 'no-such-package'[\s\S]*hello\.js/,
  },
  noHandler: "module.exports = 42;",
  failsWhileLoading: { source: "\nnobody.home();", message: /ReferenceError: nobody is not defined[\s\S]*hello\.js:2/ },
  exitsWhileLoading: "process.exit(4);",
  sameInterpreter: `const { execFileSync } = require("node:child_process");
    module.exports = () => execFileSync("node", ["-p", "process.versions.node + require('greeter')('you')"], { encoding: "utf8" }).trim() === process.versions.node + "hello you";`,
  usesPackage: 'const greet = require("greeter"); module.exports = (context, name) => greet(name);',
  packageFiles: {
    "node_modules/greeter/package.json": '{"name": "greeter", "main": "main.js"}',
    "node_modules/greeter/main.js": 'module.exports = (name) => "hello " + name;',
  },
};

export const python3: Sources = {
  echo: "def handle(context, payload):\n    return {'context': context, 'payload': payload}",
  nothing: "def handle(context, payload):\n    pass",
  asynchronous:
    "import asyncio\nasync def handle(context, payload):\n    await asyncio.sleep(0)\n    return payload + 1",
  failing: `def handle(context, payload):
    if payload == "input": raise ValueError("the input is wrong")
    if payload == "other": raise RuntimeError("the function is wrong")`,
  unserialisable: "def handle(context, payload):\n    return float('nan')",
  talking: `import sys
def handle(context, n):
    print("out", n)
    print("err", n, file=sys.stderr)
    print("more", n)
    print("rest", n, end="")`,
  flooding: "def handle(context, n):\n    for _ in range(n): print('x' * 100)",
  environment: "import os\ndef handle(context, payload):\n    return dict(os.environ)",
  endless: "def handle(context, payload):\n    while True: pass",
  counting: `import time
runs = 0
def handle(context, payload):
    global runs
    if runs == 0: time.sleep(0.05)
    runs += 1
    return runs`,
  exiting: "import os\ndef handle(context, payload):\n    print('last words')\n    os._exit(3)",
  hungry:
    "def handle(context, payload):\n    everything = []\n    while True: everything.append(bytearray(b'x' * 4000000))",
  longOutput: "def handle(context, n):\n    return 'x' * n",
  rogue:
    "import os, time\ndef handle(context, payload):\n    os.write(3, bytes([64, 0, 0, 0, 0, 0, 0, 1, 18]))\n    time.sleep(60)",
  syntaxError: { source: "a = 1\n\ndef handle(a b): pass", message: /hello\.py", line 3[\s\S]*SyntaxError/ },
  missingModule: {
    source: "import no_such_module",
    message: /hello\.py", line 1[\s\S]*ModuleNotFoundError: No module named 'no_such_module'/,
  },
  noHandler: "def handle(context):\n    pass",
  failsWhileLoading: { source: "\nnobody.home()", message: /hello\.py", line 2[\s\S]*NameError/ },
  exitsWhileLoading: "import os\nos._exit(4)",
  sameInterpreter: `import subprocess, sys
def handle(context, payload):
    told = subprocess.check_output(["python3", "-c", "import sys, greeter; print(sys.version, greeter.greet('you'))"], text=True)
    return told.strip() == sys.version + " hello you"`,
  usesPackage: "import greeter\ndef handle(context, name):\n    return greeter.greet(name)",
  packageFiles: { "site-packages/greeter/__init__.py": "def greet(name):\n    return 'hello ' + name" },
};
