import type { Subject } from "./subject.ts";

export const java: Subject = {
  language: "java",
  file: "Subject.java",
  handler: "Subject",
  interpreter: "java",
  source: `import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.BiFunction;

public class Subject implements BiFunction<Map<String, Object>, Map<String, Object>, Object> {
  private int calls;

  @Override
  public Object apply(Map<String, Object> context, Map<String, Object> payload) {
    try {
      return call(context, (String) payload.get("op"), payload.get("value"));
    } catch (IOException | InterruptedException error) {
      throw new IllegalStateException(error);
    }
  }

  private Object call(Map<String, Object> context, String op, Object value) throws IOException, InterruptedException {
    switch (op) {
      case "echo": return value;
      case "context": return context;
      case "nothing": return null;
      case "input": throw new IllegalArgumentException("the input is wrong");
      case "failure": throw new IllegalStateException("the function is wrong");
      case "caused": throw new IllegalStateException("cannot save", new IOException("the disk is full"));
      case "several":
        RuntimeException several = new RuntimeException("several things");
        several.addSuppressed(new RuntimeException("first reason"));
        several.addSuppressed(new RuntimeException("second reason"));
        throw several;
      case "unserialisable": return new Object();
      case "long": return "x".repeat(((Number) value).intValue());
      case "talk":
        System.out.println("out " + value);
        System.err.println("err " + value);
        System.out.print("rest " + value);
        return null;
      case "flood":
        for (long at = 0; at < (Long) value; at++) System.out.println("x".repeat(100));
        return null;
      case "child":
        new ProcessBuilder("sh", "-c", "echo from the child; echo to its errors >&2").inheritIO().start().waitFor();
        return null;
      case "slow":
        Thread.sleep((Long) value);
        return "slept";
      case "endless": while (true) Thread.onSpinWait();
      case "exit": System.exit(3);
      case "count": return ++calls;
      case "secret":
        Object password = ((Map<?, ?>) context.get("secrets")).get("password");
        System.out.println("the password is " + password);
        throw new IllegalStateException("wrong: " + password);
      case "variable": return System.getenv((String) value);
      case "leave":
        new ProcessBuilder("sleep", "1000").start();
        return null;
      case "interpreter": return new String(new ProcessBuilder("sh", "-c", "command -v java").start().getInputStream().readAllBytes()).trim();
      case "file": return Files.readString(Path.of("data.txt"));
      case "write":
        Files.writeString(Path.of("/tmp/a"), "kept");
        return Files.readString(Path.of("/tmp/a"));
      case "outside":
        try {
          Files.writeString(Path.of("/usr/a"), "");
          return "written";
        } catch (IOException refused) {
          return "refused";
        }
      case "late":
        new Thread(() -> {
          try {
            Thread.sleep(100);
          } catch (InterruptedException ended) {
            return;
          }
          System.out.println("too late");
        }).start();
        return "ended";
      default: throw new IllegalStateException(op);
    }
  }
}
`,
  syntaxError: {
    source: "public class Subject {\n  int x = ;\n}\n",
    reason: /Subject\.java:2: error: illegal start of expression/,
  },
  missingHandler: {
    source: "class Another { }\n",
    reason: /the class Subject is not in the function/,
  },
  wrongShape: {
    source: "public class Subject { }\n",
    reason: /Subject does not implement java\.util\.function\.BiFunction/,
  },
  missingDependency: {
    source: "import org.missing.Thing;\npublic class Subject { }\n",
    reason: /Subject\.java:1: error: package org\.missing does not exist/,
  },
  failsWhileLoading: {
    source:
      'import java.util.function.BiFunction;\npublic class Subject implements BiFunction<Object, Object, Object> {\n  public Subject() { throw new IllegalStateException("cannot begin"); }\n  public Object apply(Object context, Object payload) { return 1; }\n}\n',
    reason: /cannot begin[\s\S]*Subject\.java:3/,
  },
};
