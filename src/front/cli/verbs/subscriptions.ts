/** `pause`, `resume` and `replay` of subscriptions: their events are kept and wait, go on, or come again. */
import { subscriptionCommands } from "../../../core/events/contract.ts";
import { eventLogOperations } from "../../../core/events/delivery-contract.ts";
import { needed } from "../../../frame/command.ts";
import { UsageError } from "../../../frame/errors.ts";
import { text } from "../../../frame/flags.ts";
import { sinceSeconds } from "../../../frame/spans.ts";
import { type Command, command } from "../context/context.ts";
import { number, objectOf } from "../output/json.ts";

const typeAndName = [needed("TYPE", ["subscription"]), needed("NAME", "Subscription")];

function deed(name: "pause" | "resume", done: string, summary: string): Command {
  return command({
    name,
    summary,
    arguments: typeAndName,
    examples: [`dispatch ${name} subscription on-deploy`],
    run: async ({ args: [word = "", subscriptionName = ""], client, io }) => {
      if (!/^subscriptions?$/i.test(word))
        throw new UsageError(`only subscriptions can be ${done.toLowerCase()}: dispatch ${name} subscription NAME`);
      await client.call(subscriptionCommands[`${name}Subscription`], { path: { subscriptionName } });
      io.stdout(`${done} subscription: ${subscriptionName}\n`);
    },
  });
}

export const pause = deed("pause", "Paused", "Pause a subscription: its events are kept and wait");

export const resume = deed("resume", "Resumed", "Resume a subscription: what waits is delivered, in order");

export const replay = command({
  name: "replay",
  summary: "Deliver the events of a time to a subscription again",
  arguments: typeAndName,
  flags: {
    from: text("The events since then: 15m, 2h, 7d, a date, or Unix seconds"),
    to: text("The events before then; all without"),
  },
  examples: ["dispatch replay subscription on-deploy --from 2h"],
  run: async ({ args: [word = "", subscriptionName = ""], client, flags, io }) => {
    if (!/^subscriptions?$/i.test(word))
      throw new UsageError("only subscriptions can be replayed: dispatch replay subscription NAME --from 2h");
    const [from, to] = [flags.from, flags.to].map((span) => timeOf(span, io.now()));
    if (from === undefined) throw new UsageError("say from when on: --from 2h, or a date");
    const answer = await client.call(eventLogOperations.replaySubscription, {
      path: { subscriptionName },
      body: { from, ...(to === undefined ? {} : { to }) },
    });
    io.stdout(`Replaying ${number(objectOf(answer), "events") ?? 0} events to subscription: ${subscriptionName}\n`);
  },
});

function timeOf(span: string | undefined, now: number): string | undefined {
  const seconds = sinceSeconds(span, now);
  return seconds === undefined ? undefined : new Date(seconds * 1000).toISOString();
}
