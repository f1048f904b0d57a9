/** What Java has of its own: types that JSON is mapped to, records, layouts of a source, archives. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findInterpreter } from "../../../src/adapters/languages/languages.ts";
import type { Worker } from "../../../src/core/shared/ports.ts";
import {
  artefactOf,
  createHarness,
  findObstacle,
  type Harness,
  invoke,
  run,
  startFunction,
  suiteName,
} from "../runtime-harness.ts";

const TYPES = `package shop;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.*;
import java.util.function.BiFunction;

public class Orders implements BiFunction<Orders.Context, Orders.Order, Orders.Answer> {
  enum Kind { CASH, CARD }
  static class Context { Map<String, String> secrets; String deadline; }
  static class Base { String id; }
  static class Order extends Base {
    private int count = 7; Kind kind; List<Line> lines; Optional<String> note = Optional.empty(); Instant when; double[] weights; transient String hidden;
  }
  record Line(String name, BigDecimal price, Set<String> tags, boolean gift) {}
  record Answer(String id, int count, BigDecimal sum, Kind kind, Instant when, String note, List<Line> lines, Object missing, double weight) {}

  public Answer apply(Context context, Order order) {
    if (order == null) throw new IllegalArgumentException("no order");
    BigDecimal sum = order.lines == null ? BigDecimal.ZERO : order.lines.stream().map(Line::price).reduce(BigDecimal.ZERO, BigDecimal::add);
    return new Answer(order.id, order.count, sum, order.kind, order.when, order.note.orElse(context.secrets.get("note")), order.lines, null, order.weights == null ? 0 : order.weights[0]);
  }
}
`;

const LAYOUT = {
  "src/main/java/app/Main.java":
    "package app;\nimport java.util.function.BiFunction;\npublic class Main { public static class Inner extends Common<String, Integer> { public Integer apply(Object context, String text) { return Texts.length(text) + Texts.extra(); } } }\n",
  "src/main/java/app/Common.java":
    "package app;\nimport java.util.function.BiFunction;\nabstract class Common<A, B> implements BiFunction<Object, A, B> { }\n",
  "src/main/java/app/Texts.java":
    'package app;\nclass Texts {\n  static int length(String text) { return text.length(); }\n  static int extra() { try (var in = Texts.class.getResourceAsStream("/extra.txt")) { return Integer.parseInt(new String(in.readAllBytes()).trim()); } catch (java.io.IOException error) { throw new java.io.UncheckedIOException(error); } }\n}\n',
  "src/main/resources/extra.txt": "100\n",
};

const search = await findInterpreter("java");
const obstacle = (await findObstacle()) ?? (search.found ? undefined : search.reason);

describe.skipIf(obstacle !== undefined)(suiteName("Java's own ways", obstacle), () => {
  let harness: Harness;
  beforeAll(async () => {
    harness = await createHarness();
  });
  afterAll(() => harness.close());

  const deploy = async (handler: string, files: Readonly<Record<string, string | Buffer>>): Promise<Worker> => {
    return startFunction(harness.runtime, "java", "", { handler, ...(await artefactOf(harness, "java", files)) });
  };

  test("JSON becomes the handler's own classes and records, and they become JSON", async () => {
    const worker = await deploy("shop.Orders", { "Orders.java": TYPES });
    const order = {
      ...{ id: "1", kind: "CARD", when: "2024-01-02T03:04:05Z", weights: [1.5], unknown: 1 },
      lines: [{ name: "tea", price: 2.5, tags: ["a"] }],
    };
    const outcome = await run(worker, order, { secrets: { note: "from the secret" } });
    expect(JSON.parse(outcome.output ?? JSON.stringify(outcome.error))).toEqual({
      ...{ id: "1", count: 7, sum: 2.5, kind: "CARD", when: "2024-01-02T03:04:05Z", note: "from the secret" },
      ...{ lines: [{ name: "tea", price: 2.5, tags: ["a"], gift: false }], missing: null, weight: 1.5 },
    });
    for (const [payload, message] of [
      [{ count: "many" }, 'payload.count: expected a number, got the text "many"'],
      [{ count: 1.5 }, "payload.count: expected a number of the type Integer, got 1.5"],
      [{ kind: "GOLD" }, "payload.kind: expected one of [CASH, CARD]"],
      [{ lines: [{ price: {} }] }, "payload.lines[0].price: expected a number, got an object"],
      [[1], "payload: expected an object, got a list"],
      [null, "no order"],
    ] as const) {
      const { error } = await run(worker, payload, { secrets: {} });
      expect(error).toMatchObject({ type: "InputError", message: expect.stringContaining(message) });
    }
  });

  const WAYS = `import java.util.*;
    import java.util.concurrent.*;
    import java.util.function.BiFunction;
    public class Ways implements BiFunction<Object, Ways.In, Object> {
      static class In { String way; Map<Integer, Long> counts; SortedSet<String> names; Date when; java.io.File file; char letter; java.math.BigInteger big; Long number; }
      static class Node { Node next; }
      static final java.io.PrintStream BEFORE = System.out;
      public Object apply(Object context, In in) {
        switch (in.way) {
          case "counts": return in.counts.get(7);
          case "names": return in.names.first();
          case "when": return List.of(in.when, in.when.getTime(), new Date(0));
          case "file": return List.of(in.file, in.file.getName());
          case "circular": { Node node = new Node(); node.next = node; return node; }
          case "circular map": { Map<String, Object> map = new HashMap<>(); map.put("self", List.of(map)); return map; }
          case "future": return CompletableFuture.completedFuture(1);
          case "stream": return List.of(1).stream();
          case "no outputs": System.setOut(null); System.setErr(null); return "none";
          case "outputs": System.out.println("heard"); return System.out == BEFORE;
          default: return "else";
        }
      }
    }`;

  test("further types, results that have no JSON, and streams that a run took away", async () => {
    const worker = await deploy("Ways", { "Ways.java": WAYS });
    const told = async (payload: object): Promise<unknown> => {
      const { output, error } = await run(worker, payload);
      return error === undefined ? JSON.parse(output ?? "") : error.message;
    };
    expect(await told({ way: "counts", counts: { 7: 3 } })).toBe(3);
    expect(await told({ way: "names", names: ["b", "a"] })).toBe("a");
    const second = "1970-01-01T00:00:01Z";
    expect(await told({ way: "when", when: second })).toEqual([second, 1000, "1970-01-01T00:00:00Z"]);
    expect(await told({ way: "file", file: "/tmp/x" })).toEqual(["/tmp/x", "x"]);
    expect(await told({ way: "circular" })).toContain("it is circular: a Ways$Node holds itself");
    expect(await told({ way: "circular map" })).toContain("it is circular: a ");
    expect(await told({ way: "future" })).toContain("return what it gives, for example future.get()");
    expect(await told({ way: "stream" })).toContain("return stream.toList()");
    expect(await told({ letter: "ab" })).toBe('payload.letter: expected a text of one letter, got the text "ab"');
    expect(await told({ letter: "" })).toContain("payload.letter: expected a text of one letter");
    expect(await told({ number: {} })).toBe("payload.number: expected a number, got an object");
    expect(await told({ big: "1e999999999" })).toContain("payload.big: expected a number of at most 10000 digits");
    expect(await told({ way: "no outputs" })).toBe("none");
    const after = await run(worker, { way: "outputs" });
    expect([after.output, after.logs.stdout]).toEqual(["true", ["heard"]]);
  });

  test("Maven's layout with resources, inner classes and types that are named above", async () => {
    const worker = await deploy("app.Main.Inner", LAYOUT);
    expect((await run(worker, "four")).output).toBe("104");
  });

  test("a run that closes its outputs closes them for itself only", async () => {
    const source = `import java.util.function.BiFunction;
      public class Hello implements BiFunction<Object, Object, Object> {
        public Object apply(Object context, Object payload) {
          try (var out = new java.io.PrintWriter(System.out)) { out.println("heard"); }
          return null;
        }
      }`;
    const worker = await deploy("Hello", { "Hello.java": source });
    for (let at = 0; at < 2; at += 1) {
      const invoked = invoke(worker, at);
      expect(await invoked.ended).toMatchObject({ output: "null" });
      expect(invoked.heard).toEqual(["stdout: heard"]);
    }
  });

  test("a run that closes its descriptors loses no output, and the next one gets a new worker", async () => {
    const source = `import java.io.*;
      import java.util.function.BiFunction;
      public class Hello implements BiFunction<Object, Object, Object> {
        public Object apply(Object context, Object payload) {
          try { new FileOutputStream(FileDescriptor.out).close(); } catch (IOException error) { throw new UncheckedIOException(error); }
          System.out.println("heard");
          return "done";
        }
      }`;
    const worker = await deploy("Hello", { "Hello.java": source });
    const invoked = invoke(worker, null);
    expect(await invoked.ended).toMatchObject({ output: '"done"' });
    expect(invoked.heard).toEqual(["stdout: heard"]);
    expect((await worker.exited).reason).toBe("exited");
  });

  test("what was suppressed is in the message and in the trace, and a name stands once", async () => {
    const source = `import java.util.function.BiFunction;
      public class Hello implements BiFunction<Object, Object, Object> {
        public Object apply(Object context, Object payload) {
          var error = new IllegalStateException("zone is full", new RuntimeException());
          error.addSuppressed(new RuntimeException("closing failed"));
          throw error;
        }
      }`;
    const { error } = await run(await deploy("Hello", { "Hello.java": source }));
    expect(error?.message).toBe("zone is full: closing failed: java.lang.RuntimeException");
    expect(error?.stacktrace?.filter((line) => !/^\s+at /.test(line))).toEqual([
      "java.lang.IllegalStateException: zone is full",
      "    Suppressed: java.lang.RuntimeException: closing failed",
      "Caused by: java.lang.RuntimeException",
    ]);
  });

  test("an archive needs no compiler, and may be used by what is compiled", async () => {
    const folder = mkdtempSync(join(tmpdir(), "dispatch-jar-"));
    const library =
      'package lib;\nimport java.util.function.BiFunction;\npublic class Packed implements BiFunction<Object, Object, String> { public String apply(Object context, Object payload) { return "packed"; } }\n';
    writeFileSync(join(folder, "Packed.java"), library);
    execFileSync("javac", ["-d", folder, join(folder, "Packed.java")]);
    execFileSync("jar", ["--create", "--file", join(folder, "packed.jar"), "-C", folder, "lib"]);
    const jar = readFileSync(join(folder, "packed.jar"));
    rmSync(folder, { recursive: true });
    expect((await run(await deploy("lib.Packed", { "packed.jar": jar }))).output).toBe('"packed"');
    const user =
      'import java.util.function.BiFunction;\npublic class User implements BiFunction<Object, Object, String> { public String apply(Object context, Object payload) { return new lib.Packed().apply(null, null) + "!"; } }\n';
    expect((await run(await deploy("User", { "lib/packed.jar": jar, "User.java": user }))).output).toBe('"packed!"');
  });
});
