/** How many events a subscription got, how many wait, and what became of the last: in the same time however many there were. */
import type { Database } from "../shared/ports.ts";
import type { SubscriptionCounts } from "./delivery-contract.ts";
import { listDeliveries } from "./delivery-log.ts";
import { keysOf } from "./order.ts";
import type { SubscriptionRecord } from "./subscriptions.ts";

/** What waits is counted so far: this number stands for that many or more. */
const MOST_COUNTED = 1000;

export async function countsOf(
  database: Database,
  { organization, name, id }: SubscriptionRecord,
): Promise<SubscriptionCounts> {
  const { query } = database;
  const { from, to } = keysOf(id);
  const work = query
    .selectFrom("work")
    .select("error")
    .where("organization", "=", organization)
    .where("kind", "=", "delivery")
    .where("order_key", ">=", from)
    .where("order_key", "<", to)
    .limit(MOST_COUNTED);
  const letters = query
    .selectFrom("dead_letters")
    .select("id")
    .where("organization", "=", organization)
    .where("order_key", ">=", from)
    .where("order_key", "<", to)
    .limit(MOST_COUNTED);
  const delivered = query
    .selectFrom("delivery_counts")
    .select(({ fn }) => fn.sum<number>("delivered").as("delivered"))
    .where("organization", "=", organization)
    .where("subscription_id", "=", id);
  const [got, open, dead, [last]] = await Promise.all([
    delivered.executeTakeFirst(),
    query
      .selectFrom(work.as("some"))
      .select(({ fn }) => [fn.countAll<number>().as("waiting"), fn.count<number>("error").as("failing")])
      .executeTakeFirst(),
    query
      .selectFrom(letters.as("some"))
      .select(({ fn }) => fn.countAll<number>().as("letters"))
      .executeTakeFirst(),
    listDeliveries(database, organization, { subscription: name, limit: 1 }),
  ]);
  return {
    name,
    delivered: Number(got?.delivered ?? 0),
    waiting: Number(open?.waiting ?? 0),
    failing: Number(open?.failing ?? 0),
    deadLetters: Number(dead?.letters ?? 0),
    ...(last === undefined ? {} : { lastDelivery: last }),
  };
}
