/** The events of a vCenter in their order, from a bookmark on: none lost and none twice, over any number of sessions. */
import { setTimeout as delay } from "node:timers/promises";
import { connectVsphere, type Vsphere } from "../../../packages/vsphere/client.ts";
import { all, MoRef, type Parsed, text } from "../../../packages/xml/xml.ts";
import { readVcenterEvent, type VcenterEvent } from "./event.ts";
import type { VcenterSettings } from "./settings.ts";

/** How far the events of a vCenter were taken. */
export interface Bookmark {
  /** Which vCenter: after a new installation its keys begin anew. */
  readonly instance: string;
  readonly key: number;
  /** The time of that event, as the server wrote it. */
  readonly time: string;
}

export interface Watched extends VcenterEvent {
  readonly instance: string;
  readonly category: string;
}

export interface WatchOptions {
  readonly settings: VcenterSettings;
  /** Undefined before the first event. */
  readonly bookmark: Bookmark | undefined;
  /** Without a bookmark: what happened so long ago counts, in milliseconds. Not a time, for the vCenter's clock may differ. */
  readonly ageMs: number;
  /** Logged in, and watching from there on. */
  ready(from: Bookmark): Promise<void>;
  take(event: Watched): Promise<void>;
}

const POLL_MS = 1000;
const PAGE = 100;

/** Watches until the session or the connection is lost. @throws what ended it */
export async function watchOnce({ settings, bookmark, ageMs, ready, take }: WatchOptions): Promise<never> {
  const vsphere = await connectVsphere(settings.endpoint, settings.credentials);
  // A vCenter has so many sessions at most, and keeps one that nobody ends for half an hour.
  const leave = (): void => void vsphere.close().finally(() => process.exit());
  process.once("SIGTERM", leave);
  try {
    const instance = await instanceOf(vsphere);
    const age = bookmark === undefined ? ageMs : 0;
    const known =
      bookmark?.instance === instance ? bookmark : { instance, key: -1, time: await timeBefore(vsphere, age) };
    const categories = await categoriesOf(vsphere);
    const collector = await collectFrom(vsphere, known.time);
    await ready(known);
    for (let last = known; ; ) {
      const page = listOf(await vsphere.call("ReadNextEvents", collector, { maxCount: PAGE }));
      for (const item of page) {
        const event = readVcenterEvent(item);
        if (!isNewer(event, last)) continue;
        await take({ ...event, instance, category: categories.get(event.className) ?? "info" });
        last = { instance, key: event.key, time: event.created };
      }
      if (page.length === 0) await delay(POLL_MS);
    }
  } finally {
    process.off("SIGTERM", leave);
    await vsphere.close();
  }
}

/** By its key; a vCenter that was set up anew counts from the beginning, but its clock goes on. */
function isNewer({ key, created }: VcenterEvent, last: Bookmark): boolean {
  return key > last.key || Date.parse(created) > Date.parse(last.time);
}

const SERVICE = new MoRef("ServiceInstance", "ServiceInstance");

async function instanceOf(vsphere: Vsphere): Promise<string> {
  const content = await vsphere.call("RetrieveServiceContent", SERVICE);
  return text(content, "about", "instanceUuid") ?? "vcenter";
}

/** So long ago by the server's own clock. */
async function timeBefore(vsphere: Vsphere, ageMs: number): Promise<string> {
  const now = Date.parse(String(await vsphere.call("CurrentTime", SERVICE)));
  return new Date((Number.isNaN(now) ? Date.now() : now) - ageMs).toISOString();
}

/** What the vCenter itself says of the classes of its events. */
async function categoriesOf(vsphere: Vsphere): Promise<ReadonlyMap<string, string>> {
  const found = await vsphere.properties(vsphere.manager("eventManager"), ["description"]);
  const infos = all(found?.properties.description, "eventInfo");
  return new Map(infos.map((info) => [text(info, "key") ?? "", text(info, "category") ?? "info"]));
}

/** A collector that stands before the first event of that time: everything below the root folder, oldest first. */
async function collectFrom(vsphere: Vsphere, beginTime: string): Promise<MoRef> {
  const filter = { entity: { entity: vsphere.rootFolder, recursion: "all" }, time: { beginTime } };
  const collector = await vsphere.call("CreateCollectorForEvents", vsphere.manager("eventManager"), { filter });
  if (!(collector instanceof MoRef)) throw new Error("the vCenter gave no collector of events");
  await vsphere.call("RewindCollector", collector);
  return collector;
}

function listOf(answer: Parsed | undefined): readonly Parsed[] {
  if (answer === undefined) return [];
  return Array.isArray(answer) ? answer : [answer as Parsed];
}
