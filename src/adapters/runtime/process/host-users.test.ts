import { describe, expect, test } from "vitest";
import { openHostUsers, ownUser } from "./host-users.ts";

describe("the users of sandboxes on the host", () => {
  test("are each somebody else's while they live, and come back late", async () => {
    const users = await openHostUsers();
    const [one, other] = [users.claim("function"), users.claim("function")];
    expect(one.uid).not.toBe(other.uid);
    one.release();
    expect(users.claim("function").uid).not.toBe(one.uid);
    users.close();
  });

  test("of installers are never those of functions, however many there were", async () => {
    const users = await openHostUsers();
    const all = (kind: "function" | "installer"): Set<number | undefined> =>
      new Set(
        Array.from({ length: 20_000 }, () => {
          const user = users.claim(kind);
          user.release();
          return user.uid;
        }),
      );
    const [functions, installers] = [all("function"), all("installer")];
    expect(functions.intersection(installers).size).toBe(0);
    expect(installers.size).toBeGreaterThan(1000);
    users.close();
  });

  test("run out with a sentence", async () => {
    const users = await openHostUsers();
    expect(() => Array.from({ length: 8001 }, () => users.claim("function"))).toThrow(
      "more than 8000 sandboxes at once",
    );
    users.close();
  });

  test("of two servers never meet, nor any that systemd, people or services have", async () => {
    const [one, other] = await Promise.all([openHostUsers(), openHostUsers()]);
    const block = (uid = 0): number => Math.floor(uid / 10_000);
    const uids = [one.claim("function").uid ?? 0, other.claim("installer").uid ?? 0];
    expect(block(uids[0])).not.toBe(block(uids[1]));
    for (const uid of uids) expect([uid > 1_879_048_191, uid < 2_147_352_576]).toEqual([true, true]);
    one.close();
    other.close();
  });

  test("are the server's own where it is not root", () => {
    expect(ownUser.claim("function").uid).toBeUndefined();
  });
});
