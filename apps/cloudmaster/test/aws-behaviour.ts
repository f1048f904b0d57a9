import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import aws from "../functions/aws/main.ts";
import type { Machine } from "../functions/shared/machine.ts";

export interface Ec2Service {
  readonly name: string;
  /** Asked for when the tests run. */
  readonly secrets: () => Readonly<Record<string, string>>;
  /** AWS starts one machine for equal client tokens; not every other service does when two requests race. */
  readonly keepsClientTokens: boolean;
}

/** What function `aws` does against any service that speaks EC2. */
export function describeAws({ name: service, secrets, keepsClientTokens }: Ec2Service): void {
  const ask = (command: string, name?: string) => aws({ secrets: secrets() }, { command, name });
  const create = async (name: string) => (await ask("create", name)) as Machine;
  const listed = async (name: string) => ((await ask("list")) as Machine[]).filter((machine) => machine.name === name);
  const newName = () => `vm-${randomUUID()}`;

  describe(`function aws against ${service}`, () => {
    test("creates a machine, lists it and deletes it", async () => {
      const name = newName();
      const created = await create(name);
      expect(created).toMatchObject({ name, id: expect.stringMatching(/^i-/), status: expect.any(String) });
      expect(created.state).toBe(created.status);
      expect(await listed(name)).toMatchObject([{ id: created.id, name }]);
      expect(await ask("delete", name)).toMatchObject([{ id: created.id, name }]);
    });

    test("creating twice makes one machine and says so", async () => {
      const name = newName();
      const first = await create(name);
      expect(await create(name)).toMatchObject({ id: first.id, existing: true });
      expect(await listed(name)).toHaveLength(1);
    });

    if (keepsClientTokens)
      test("two people who create the same machine at once get one machine", async () => {
        const name = newName();
        const [left, right] = await Promise.all([create(name), create(name)]);
        expect(left.id).toBe(right.id);
        expect(await listed(name)).toHaveLength(1);
      });

    test("a machine that was deleted can be created again, any number of times", async () => {
      const name = newName();
      const ids = new Set<string>();
      for (let round = 0; round < 3; round++) {
        ids.add((await create(name)).id);
        await ask("delete", name);
      }
      expect(ids.size).toBe(3);
    });

    test("deleting what is not there is the caller's mistake", async () => {
      const name = newName();
      await expect(ask("delete", name)).rejects.toMatchObject({
        name: "InputError",
        message: `there is no machine called ${name} on aws`,
      });
    });
  });
}
