import { afterEach, describe, expect, test } from "vitest";
import { seeded } from "../../../test/support/seeded.ts";
import aws from "../functions/aws/main.ts";
import azure from "../functions/azure/main.ts";
import gcp from "../functions/gcp/main.ts";
import vsphere from "../functions/vsphere/main.ts";
import { startAzure } from "../simulator/azure/server.ts";
import { startEc2 } from "../simulator/ec2/server.ts";
import { startGcp } from "../simulator/gcp/server.ts";
import { startDoor } from "./door.ts";
import type { KillPlan } from "./kills.ts";
import { killCreates } from "./kills.ts";
import { buildVcsim, startVcsim } from "./vcsim.ts";

/** `CLOUD_KILLS=50` for the whole of it; a few by default, so that the suite stays short. */
const KILLS = Number(process.env.CLOUD_KILLS ?? 4);
const SEED = Number(process.env.CLOUD_KILLS_SEED ?? Date.now() % 2 ** 31);
const LAG_MS = 5_000;
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

interface Peer {
  readonly cloud: string;
  readonly handler: KillPlan["handler"];
  start(): Promise<{
    readonly secrets: Readonly<Record<string, string>>;
    /** What costs money there, named so that the machine's name is in it. */
    readonly resources: () => readonly string[];
    readonly close: () => Promise<void>;
    /** How many of these go with one machine. */
    readonly each: number;
  }>;
}

const options = { transitionMs: 60, listLagMs: LAG_MS, maxMachines: 500 };

const PEERS: readonly Peer[] = [
  {
    cloud: "aws",
    handler: aws,
    start: async () => {
      const ec2 = await startEc2(options);
      const { accessKeyId: access_key, secretAccessKey: secret_key } = ec2.keys;
      const living = () => ec2.machines().flatMap(({ state, name }) => (state === "terminated" ? [] : [name]));
      const secrets = { access_key, secret_key, region: "us-west-2", endpoint: ec2.url };
      return { secrets, resources: living, close: ec2.close, each: 1 };
    },
  },
  {
    cloud: "azure",
    handler: azure,
    start: async () => {
      const peer = await startAzure(options);
      return { secrets: peer.secret, resources: peer.resources, close: peer.close, each: 3 };
    },
  },
  {
    cloud: "gcp",
    handler: gcp,
    start: async () => {
      const peer = await startGcp(options);
      return { secrets: peer.secret, resources: peer.resources, close: peer.close, each: 2 };
    },
  },
];

describe.each(PEERS)("creates on $cloud that are killed at random moments", ({ cloud, handler, start }) => {
  test(`no machine is made twice, and nothing stays when they are deleted (${KILLS} kills, seed ${SEED})`, async () => {
    const peer = await start();
    closers.push(peer.close);
    const door = await startDoor({ functions: {} });
    closers.push(door.close);
    const plan = { cloud, door, secrets: peer.secrets, handler, kills: KILLS, random: seeded(SEED) };
    const { killed, ids } = await killCreates(plan);
    expect(killed).toBeGreaterThan(0);
    for (const [name, seen] of ids) {
      expect(new Set(seen).size, `${name} has had the ids ${seen.join(", ")}`).toBe(1);
      const its = peer.resources().filter((resource) => new RegExp(`\\b${name}(?!\\d)`).test(resource));
      expect(its, name).toHaveLength(peer.each);
    }
    const context = { secrets: peer.secrets, dispatch: door };
    for (const name of ids.keys()) await handler(context, { command: "delete", name });
    expect(peer.resources()).toEqual([]);
  }, 600_000);
});

const build = await buildVcsim();
const skipped = "missing" in build ? ` (SKIPPED: ${build.missing})` : "";

describe.skipIf("missing" in build)(`creates on vsphere that are killed at random moments${skipped}`, () => {
  test(`no machine is made twice (${KILLS} kills, seed ${SEED})`, async () => {
    if (!("program" in build)) return;
    const peer = await startVcsim(build.program, ["-clone-delay", "60ms"]);
    closers.push(peer.stop);
    const door = await startDoor({ functions: {} });
    closers.push(door.close);
    const plan = {
      cloud: "vsphere",
      door,
      secrets: peer.secret,
      handler: vsphere,
      kills: KILLS,
      random: seeded(SEED),
    };
    const { killed, ids } = await killCreates(plan);
    expect(killed).toBeGreaterThan(0);
    for (const [name, seen] of ids) expect(new Set(seen).size, name).toBe(1);
    const context = { secrets: peer.secret, dispatch: door };
    expect((await vsphere(context, { command: "list" })).map(({ name }) => name).sort()).toEqual(
      [...ids.keys()].sort(),
    );
    for (const name of ids.keys()) await vsphere(context, { command: "delete", name });
    expect(await vsphere(context, { command: "list" })).toEqual([]);
  }, 600_000);
});
