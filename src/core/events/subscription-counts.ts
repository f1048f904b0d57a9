/** How many events a subscription got, how many wait, and how many died: in the same time however many there were. */
import type { Database } from "../shared/ports.ts";
import type { SubscriptionCounts } from "./delivery-contract.ts";
import { keysOf, openDeliveries } from "./order.ts";
import type { SubscriptionRecord } from "./subscriptions.ts";

/** What waits is counted so far: this number stands for that many or more. */
const MOST_COUNTED = 1000;

export async function countsOf(
  database: Database,
  { organization, id }: SubscriptionRecord,
): Promise<Omit<SubscriptionCounts, "name" | "lastDelivery">> {
  const { query } = database;
  const { from, to } = keysOf(id);
  const work = openDeliveries(database, organization, id).select("error").limit(MOST_COUNTED);
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
  const [got, open, dead] = await Promise.all([
    delivered.executeTakeFirst(),
    query
      .selectFrom(work.as("some"))
      .select(({ fn }) => [fn.countAll<number>().as("waiting"), fn.count<number>("error").as("failing")])
      .executeTakeFirst(),
    query
      .selectFrom(letters.as("some"))
      .select(({ fn }) => fn.countAll<number>().as("letters"))
      .executeTakeFirst(),
  ]);
  return {
    delivered: Number(got?.delivered ?? 0),
    waiting: Number(open?.waiting ?? 0),
    failing: Number(open?.failing ?? 0),
    deadLetters: Number(dead?.letters ?? 0),
  };
}
