import type { Subject } from "./subject.ts";

export const python3: Subject = {
  language: "python3",
  file: "subject.py",
  handler: "subject.handle",
  interpreter: "python3",
  source: `import os, subprocess, sys, threading, time
calls = 0

def raise_(error): raise error

def caused():
    try:
        raise OSError("the disk is full")
    except OSError as error:
        raise RuntimeError("cannot save") from error

class Several(Exception):
    def __init__(self, message, errors):
        super().__init__(message)
        self.exceptions = tuple(errors)

def talk(value):
    print("out", value)
    print("err", value, file=sys.stderr)
    sys.stdout.write("rest %s" % value)

def flood(value):
    for _ in range(value): print("x" * 100)

def child():
    subprocess.run(["sh", "-c", "echo from the child; echo to its errors >&2"])

def slow(value):
    time.sleep(value / 1000)
    return "slept"

def endless():
    while True: pass

def count():
    global calls
    calls += 1
    return calls

def secret(context):
    print("the password is", context["secrets"]["password"])
    raise RuntimeError("wrong: " + context["secrets"]["password"])

def write():
    with open("/tmp/a", "w") as file: file.write("kept")
    return open("/tmp/a").read()

def outside():
    try:
        open("/usr/a", "w")
        return "written"
    except OSError:
        return "refused"

def late():
    def speak():
        time.sleep(0.1)
        print("too late")
    threading.Thread(target=speak).start()
    return "ended"

OPS = {
    "echo": lambda context, value: value,
    "context": lambda context, value: context,
    "nothing": lambda context, value: None,
    "input": lambda context, value: raise_(ValueError("the input is wrong")),
    "failure": lambda context, value: raise_(RuntimeError("the function is wrong")),
    "caused": lambda context, value: caused(),
    "several": lambda context, value: raise_(Several("several things", [RuntimeError("first reason"), RuntimeError("second reason")])),
    "unserialisable": lambda context, value: object(),
    "long": lambda context, value: "x" * value,
    "talk": lambda context, value: talk(value),
    "flood": lambda context, value: flood(value),
    "child": lambda context, value: child(),
    "slow": lambda context, value: slow(value),
    "endless": lambda context, value: endless(),
    "exit": lambda context, value: os._exit(3),
    "count": lambda context, value: count(),
    "secret": lambda context, value: secret(context),
    "variable": lambda context, value: os.environ.get(value),
    "leave": lambda context, value: subprocess.Popen(["sleep", "1000"]) and None,
    "interpreter": lambda context, value: subprocess.check_output(["sh", "-c", "command -v python3"]).decode().strip(),
    "file": lambda context, value: open("data.txt", encoding="utf-8").read(),
    "write": lambda context, value: write(),
    "outside": lambda context, value: outside(),
    "late": lambda context, value: late(),
}

def handle(context, payload):
    return OPS[payload["op"]](context, payload.get("value"))
`,
  syntaxError: { source: "def handle(context payload):\n    pass\n", reason: /subject\.py", line 1[\s\S]*SyntaxError/ },
  missingHandler: { source: "def other(context, payload):\n    pass\n", reason: /no function handle; it has other/ },
  wrongShape: { source: "def handle(payload):\n    pass\n", reason: /two parameters/ },
  missingDependency: {
    source: "import missing_module\ndef handle(context, payload): pass\n",
    reason: /missing_module/,
  },
  failsWhileLoading: { source: 'raise RuntimeError("cannot begin")\n', reason: /cannot begin/ },
};
