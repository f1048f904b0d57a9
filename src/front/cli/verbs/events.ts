/** `events`: what was emitted, and with --follow what comes; `get deliveries`: what became of it. */
import { eventLogOperations } from "../../../core/events/delivery-contract.ts";
import { optional } from "../../../frame/command.ts";
import { integer, on, text as textFlag } from "../../../frame/flags.ts";
import { unlessInterrupted } from "../../../frame/pause.ts";
import { sinceSeconds } from "../../../frame/spans.ts";
import { parseJson } from "../../client/json.ts";
import { type Context, command } from "../context/context.ts";
import { deliveryTable } from "../kinds/delivery.ts";
import { jsonText } from "../output/encode.ts";
import { type JsonObject, objectOf, objectsOf, text } from "../output/json.ts";
import { printData, printResources } from "../output/print.ts";
import { millisecondsText } from "../output/time.ts";

const LATEST = 20;

export const events = command({
  name: "events",
  summary: "Show the events that were received, and with --follow those that come",
  flags: {
    follow: on("Go on printing events as they come, until Ctrl-C", { short: "f" }),
    since: textFlag("Only events since then: 15m, 2h, 7d, a date, or Unix seconds"),
    limit: integer("At most so many, the newest", { default: LATEST }),
  },
  examples: ["dispatch events --since 1h", "dispatch events --follow", "dispatch events -f -o json"],
  run: async ({ flags: { follow, since, limit }, ...context }) => {
    const seconds = sinceSeconds(since, context.io.now());
    const query = { limit, since: seconds === undefined ? undefined : seconds * 1000 };
    const found = objectsOf(await context.client.all(eventLogOperations.listEvents, { query })).toReversed();
    if (!follow && context.format !== "table") return printData(context, found);
    for (const event of found) print(context, event);
    if (follow) await followEvents(context, found.at(-1));
  },
});

/** Until the stream ends. @throws CliError when the user interrupts */
async function followEvents(context: Context, last: JsonObject | undefined): Promise<void> {
  const { client, io } = context;
  const query = { after: last && Number(text(last, "name")) };
  const heard = ({ data }: { data: string }): void => print(context, objectOf(parseJson(data)));
  const following = client.follow(eventLogOperations.followEvents, { query }, heard, io.signal);
  await unlessInterrupted(following, io.signal);
}

/** One line each: for people, or as JSON. */
function print({ io, format }: Context, kept: JsonObject): void {
  if (format !== "table") {
    io.stdout(`${jsonText(kept, 0).trimEnd()}\n`);
    return;
  }
  const event = objectOf(kept.event);
  const words = [millisecondsText(kept.receivedTime), text(event, "type"), text(event, "source")];
  const data = event.data === undefined ? "" : jsonText(event.data, 0).trimEnd();
  io.stdout(`${[...words, text(event, "id"), data].join("  ").trimEnd()}\n`);
}

export const getDeliveries = command({
  name: "delivery",
  aliases: ["deliveries"],
  summary: "Get what became of events on their way to subscriptions, newest first",
  arguments: [optional("SUBSCRIPTION", "Subscription")],
  flags: { limit: integer("At most so many, the newest", { default: 50 }) },
  examples: ["dispatch get deliveries", "dispatch get deliveries on-deploy --limit 10 -o json"],
  run: async ({ flags: { limit }, ...context }) => {
    const [subscription] = context.args;
    const answer = await context.client.all(eventLogOperations.listDeliveries, { query: { limit, subscription } });
    await printResources(context, { table: deliveryTable }, answer);
  },
});
