import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { AuditTable } from "../shared/database-schema.ts";
import { verifyChain } from "./audit.ts";

/** Rows as the database chains them. */
function chain(names: readonly string[]): AuditTable[] {
  let hash = "";
  return names.map((name, index) => {
    const row = {
      organization: "o",
      time: index,
      principal: "system:x",
      via: "rest",
      action: "use",
      kind: "Secret",
      name,
    };
    hash = createHash("sha256")
      .update(hash + JSON.stringify(Object.values(row)))
      .digest("hex");
    return { ...row, sequence: index + 1, hash };
  });
}

describe("the chain of the audit log", () => {
  test("is whole when nothing was touched, also while it is empty", () => {
    expect(verifyChain([])).toBeUndefined();
    expect(verifyChain(chain(["a", "b", "c"]))).toBeUndefined();
  });

  test("names the row that was altered", () => {
    const rows = chain(["a", "b", "c"]).map((row) => (row.name === "b" ? { ...row, principal: "system:y" } : row));
    expect(verifyChain(rows)).toBe(2);
  });

  test("names the row behind one that was removed", () => {
    expect(verifyChain(chain(["a", "b", "c"]).toSpliced(1, 1))).toBe(3);
  });

  test("names the first row that was put in another place", () => {
    const [a, b, c] = chain(["a", "b", "c"]) as [AuditTable, AuditTable, AuditTable];
    expect(verifyChain([b, a, c])).toBe(2);
  });
});
