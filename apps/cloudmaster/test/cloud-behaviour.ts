import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { Context } from "../functions/shared/context.ts";
import type { Machine } from "../functions/shared/machine.ts";

export interface CloudUnderTest {
  /** What is tried against what, for example `function gcp against the stand-in`. */
  readonly title: string;
  readonly cloud: string;
  readonly handler: (context: Context, payload: unknown) => Promise<Machine[]>;
  /** Asked for when the tests run. */
  readonly secrets: () => Readonly<Record<string, string>>;
  /** Everything there that costs money, by any names; absent where the peer cannot tell. */
  readonly resources?: () => readonly string[];
  /** False for a peer that makes two machines of two simultaneous requests with one mark of idempotence. */
  readonly keepsMarks?: boolean;
}

/** What every cloud function does, against any peer that speaks its cloud's language. */
export function describeCloud(under: CloudUnderTest): void {
  const { title, cloud, handler, secrets, resources, keepsMarks = true } = under;
  const ask = (command: string, name?: string) => handler({ secrets: secrets() }, { command, name });
  const one = async (command: string, name: string): Promise<Machine> => {
    const machines = await ask(command, name);
    expect(machines).toHaveLength(1);
    return machines[0] as Machine;
  };
  const listed = async (name: string) => (await ask("list")).filter((machine) => machine.name === name);
  const newName = () => `vm-${randomUUID()}`;

  describe(title, () => {
    test("a machine is created, listed, shown, stopped, started and deleted, and nothing of it stays", async () => {
      const before = resources?.();
      const name = newName();
      const created = await one("create", name);
      expect(created).toMatchObject({ name, id: expect.stringMatching(/./), status: expect.any(String) });
      expect(created.state).toBe(created.status);
      expect(await listed(name)).toMatchObject([{ id: created.id, name }]);
      expect(await one("show", name)).toMatchObject({ id: created.id, ip: created.ip });
      const stopped = await one("stop", name);
      expect(stopped.status).not.toBe(created.status);
      expect(await one("start", name)).toMatchObject({ id: created.id, status: created.status });
      expect(await ask("delete", name)).toMatchObject([{ id: created.id, name, status: "deleted" }]);
      expect(await listed(name)).toEqual([]);
      expect(resources?.()).toEqual(before);
    });

    test("creating twice makes one machine and says so", async () => {
      const name = newName();
      const first = await one("create", name);
      expect(await one("create", name)).toMatchObject({ id: first.id, existing: true });
      expect(await listed(name)).toHaveLength(1);
      await ask("delete", name);
    });

    test.skipIf(!keepsMarks)("two people who create the same machine at once get one machine", async () => {
      const name = newName();
      const [left, right] = await Promise.all([one("create", name), one("create", name)]);
      expect(left.id).toBe(right.id);
      expect(await listed(name)).toHaveLength(1);
      await ask("delete", name);
    });

    test("a machine that was deleted can be created again", async () => {
      const name = newName();
      const ids = new Set<string>();
      for (let round = 0; round < 2; round++) {
        await one("create", name);
        ids.add((await one("show", name)).ip ?? String(round));
        await ask("delete", name);
      }
      expect(ids.size).toBe(2);
      expect(await listed(name)).toEqual([]);
    });

    test.each(["delete", "start", "stop", "show"])(
      "%s of what is not there is the caller's mistake",
      async (command) => {
        const name = newName();
        await expect(ask(command, name)).rejects.toMatchObject({
          name: "InputError",
          message: `there is no machine called ${name} on ${cloud}`,
        });
      },
    );

    test.each([
      [{}, /needs a command: create, list, delete, start, stop or show, not null/],
      [{ command: "reboot" }, /not "reboot"/],
      [{ command: "create" }, /needs the name of a machine/],
      [{ command: "create", name: "$(reboot)" }, /cannot name a machine/],
      [{ command: "create", name: "<!channel>" }, /cannot name a machine/],
      [{ command: "create", name: "x".repeat(10_000) }, /too long/],
      ["list", /needs a command/],
    ])("input %# that makes no sense is refused in words", async (payload, message) => {
      const failure = await handler({ secrets: secrets() }, payload).catch((error: unknown) => error);
      expect(failure).toMatchObject({ name: "InputError", message: expect.stringMatching(message) });
    });
  });
}
