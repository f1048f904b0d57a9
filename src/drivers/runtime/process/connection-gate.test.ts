import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { expect, test } from "vitest";
import { ConnectionGate, connectionLimits } from "./connection-gate.ts";

class Peer extends EventEmitter {
  reset = false;
  resetAndDestroy(): void {
    this.reset = true;
  }
}

const make = (limits: { organization: number; server: number }) => {
  const warnings: object[] = [];
  const quiet = () => {};
  const gate = new ConnectionGate(limits, {
    ...{ debug: quiet, info: quiet, error: quiet },
    warn: (fields) => warnings.push(fields),
  });
  const enter = (organization: string): { peer: Peer; admitted: boolean } => {
    const peer = new Peer();
    return { peer, admitted: gate.admit(peer as unknown as Socket, organization) };
  };
  return { enter, warnings };
};

test("an organization has so many connections and no more, and a place is free again when one ends", () => {
  const { enter, warnings } = make({ organization: 2, server: 100 });
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
  });
  expect(connectionLimits("Max open files            1024                 4096 files")).toEqual({
    server: 256,
    organization: 128,
  });
});
