import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { expect, test, vi } from "vitest";
import { ConnectionGate, type ConnectionLimits, connectionLimits } from "./connection-gate.ts";

class Peer extends EventEmitter {
  reset = false;
  get destroyed(): boolean {
    return this.reset;
  }
  resetAndDestroy(): void {
    this.reset = true;
    this.emit("close");
  }
}

const make = (limits: Partial<ConnectionLimits>) => {
  const warnings: object[] = [];
  const quiet = () => {};
  const gate = new ConnectionGate(
    { worker: 100, organization: 100, server: 100, ...limits },
    {
      ...{ debug: quiet, info: quiet, error: quiet },
      warn: (fields) => warnings.push(fields),
    },
  );
  const enter = (organization: string, worker?: object): { peer: Peer; admitted: boolean } => {
    const peer = new Peer();
    return { peer, admitted: gate.admit(peer as unknown as Socket, organization, async () => worker) };
  };
  return { enter, warnings };
};

test("an organization has so many connections and no more, and a place is free again when one ends", () => {
  const { enter, warnings } = make({ organization: 2 });
  const first = enter("one");
  enter("one");
  expect(enter("one")).toMatchObject({ admitted: false, peer: { reset: true } });
  expect(enter("one").admitted).toBe(false);
  expect(enter("two").admitted).toBe(true);
  first.peer.emit("close");
  expect(enter("one").admitted).toBe(true);
  expect(warnings).toEqual([{ organization: "one", open: 2 }]);
});

test("all organizations together leave the server descriptors for others", () => {
  const { enter } = make({ organization: 2, server: 3 });
  const entered = ["one", "one", "two", "two", "three"].map((organization) => enter(organization).admitted);
  expect(entered).toEqual([true, true, true, false, false]);
  expect(connectionLimits("Max open files            4096                 4096 files")).toEqual({
    server: 1024,
    organization: 256,
    worker: 128,
  });
  expect(connectionLimits("Max open files            1024                 4096 files")).toEqual({
    server: 256,
    organization: 128,
    worker: 64,
  });
});

test("one worker leaves its organization's others some, and is told from those whom nobody knows", async () => {
  const { enter, warnings } = make({ worker: 2, organization: 8 });
  const [greedy, other] = [{}, {}];
  const taken = [greedy, other, greedy, greedy, undefined, undefined, undefined, other].map((worker) =>
    enter("one", worker),
  );
  const reset = () => taken.map(({ peer }) => peer.reset);
  await vi.waitFor(() => expect(reset()).toEqual([false, false, false, true, false, false, false, false]));
  expect(warnings).toHaveLength(1);
  taken[0]?.peer.emit("close");
  const again = enter("one", greedy);
  const tooMany = enter("one", greedy);
  await vi.waitFor(() => expect(tooMany.peer.reset).toBe(true));
  expect([again.admitted, again.peer.reset]).toEqual([true, false]);
});
