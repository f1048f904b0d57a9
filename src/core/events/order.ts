/**
 * In which order the deliveries of a subscription are made. Their runs start in the order in which the events arrived; with
 * `concurrency: 1` each waits for the end of the one before. With `orderBy` those of one value wait for each other: each value
 * belongs to one of as many queues as the subscription has runs at once.
 */
import { createHash } from "node:crypto";
import type { Database } from "../shared/ports.ts";
import type { Look } from "./filters.ts";
import type { SubscriptionRecord } from "./subscriptions.ts";

/** Runs of a subscription that are under way at once, unless it says otherwise. */
export const USUAL_CONCURRENCY = 16;

export function concurrencyOf({ document }: SubscriptionRecord): number {
  return document.concurrency ?? USUAL_CONCURRENCY;
}

/** Whether a delivery keeps its place until its run has ended. */
export function waitsForEnds(record: SubscriptionRecord): boolean {
  return record.document.orderBy !== undefined || concurrencyOf(record) === 1;
}

/** The order key of its work. */
export function orderKeyOf(record: SubscriptionRecord, look: Look): string {
  const { orderBy } = record.document;
  if (orderBy === undefined || concurrencyOf(record) === 1) return record.id;
  const digest = createHash("sha256")
    .update(look(orderBy) ?? "")
    .digest();
  return `${record.id}#${digest.readUInt32BE() % concurrencyOf(record)}`;
}

/** The order key of a delivery whose run has started: it no longer holds back the ones after it. */
export function ownKeyOf({ id }: Pick<SubscriptionRecord, "id">, delivery: string): string {
  return `${id}/${delivery}`;
}

/** Between these lie the order keys of a subscription, whatever their form. */
export function keysOf(subscriptionId: string): { readonly from: string; readonly to: string } {
  return { from: subscriptionId, to: `${subscriptionId}~` };
}

/** The work of the deliveries to a subscription that have not ended. */
export function openDeliveries({ query }: Pick<Database, "query">, organization: string, subscriptionId: string) {
  const { from, to } = keysOf(subscriptionId);
  return query
    .selectFrom("work")
    .where("organization", "=", organization)
    .where("kind", "=", "delivery")
    .where("order_key", ">=", from)
    .where("order_key", "<", to);
}
