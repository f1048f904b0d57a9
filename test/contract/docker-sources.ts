/** The runtime contract's functions for containers: one for each language does all of it, for to build an image for each takes seconds. */
import type { Language } from "../../src/core/shared/ports.ts";
import type { Sources } from "./runtime.ts";
import { nodejs, python3 } from "./runtime-sources.ts";

/** What one function does, and those that cannot be loaded. */
type Own = Pick<Sources, "noHandler" | "exitsWhileLoading"> & { readonly every: string };

const sourcesOf = ({ every, noHandler, exitsWhileLoading }: Own): Sources => ({
  ...nodejs,
  ...{ echo: every, nothing: every, asynchronous: every, failing: every, longOutput: every },
  ...{ counting: every, endless: every, exiting: every, noHandler, exitsWhileLoading },
});

const NODEJS = `let runs = 0;
module.exports = async (context, payload) => {
  await new Promise(setImmediate);
  if (payload === "input") throw new TypeError("the input is wrong");
  if (payload === "other") throw new Error("the function is wrong");
  if (payload === "forever") for (;;);
  if (payload === "exit") { console.log("last words"); process.exit(3); }
  if (payload === "count") { if (runs === 0) await new Promise((go) => setTimeout(go, 50)); return (runs += 1); }
  if (typeof payload === "number") return payload < 1000 ? payload + 1 : "x".repeat(payload);
  if (payload !== null && typeof payload === "object") return { context, payload };
};`;

const PYTHON = `import os, time
runs = 0
def handle(context, payload):
    global runs
    if payload == "input": raise ValueError("the input is wrong")
    if payload == "other": raise RuntimeError("the function is wrong")
    while payload == "forever": pass
    if payload == "exit":
        print("last words", flush=True)
        os._exit(3)
    if payload == "count":
        if runs == 0: time.sleep(0.05)
        runs += 1
        return runs
    if isinstance(payload, int): return payload + 1 if payload < 1000 else "x" * payload
    if isinstance(payload, dict): return {"context": context, "payload": payload}`;

const JAVA = `import java.util.Map;
import java.util.function.BiFunction;

public class Hello implements BiFunction<Object, Object, Object> {
  private int runs;

  public Object apply(Object context, Object payload) {
    if ("input".equals(payload)) throw new IllegalArgumentException("the input is wrong");
    if ("other".equals(payload)) throw new IllegalStateException("the function is wrong");
    while ("forever".equals(payload)) Thread.onSpinWait();
    if ("exit".equals(payload)) {
      System.out.println("last words");
      System.exit(3);
    }
    if ("count".equals(payload)) return count();
    if (payload instanceof Long number) return number < 1000 ? number + 1 : "x".repeat(number.intValue());
    return payload instanceof Map<?, ?> ? Map.of("context", context, "payload", payload) : null;
  }

  private int count() {
    try {
      if (runs == 0) Thread.sleep(50);
    } catch (InterruptedException ended) {
      Thread.currentThread().interrupt();
    }
    return ++runs;
  }
}`;

const POWERSHELL = `$script:runs = 0
function handle($context, $payload) {
    if ($payload -is [long] -or $payload -is [int]) { if ($payload -lt 1000) { return $payload + 1 } else { return 'x' * $payload } }
    if ($payload -is [string]) {
        switch ($payload) {
            'input' { throw [ArgumentException]::new('the input is wrong') }
            'other' { throw 'the function is wrong' }
            'forever' { while ($true) { } }
            'exit' { [Console]::WriteLine('last words'); exit 3 }
            'count' { if ($script:runs -eq 0) { Start-Sleep -Milliseconds 50 }; $script:runs++; return $script:runs }
        }
        return
    }
    if ($null -ne $payload) { return @{ context = $context; payload = $payload } }
}`;

export const dockerSources: Readonly<Record<Language, Sources>> = {
  nodejs: sourcesOf({ ...nodejs, every: NODEJS }),
  python3: sourcesOf({ ...python3, every: PYTHON }),
  java: sourcesOf({
    every: JAVA,
    noHandler: "public class Hello { }",
    exitsWhileLoading:
      "import java.util.function.BiFunction;\npublic class Hello implements BiFunction<Object, Object, Object> {\n  public Hello() { System.exit(4); }\n  public Object apply(Object context, Object payload) { return 1; }\n}\n",
  }),
  powershell: sourcesOf({
    every: POWERSHELL,
    noHandler: "function other($context, $payload) { }",
    exitsWhileLoading: "exit 4",
  }),
};
