/** `pause` and `resume` of subscriptions: their events are kept and wait, or go on. */
import { subscriptionCommands } from "../../../core/events/contract.ts";
import { needed } from "../frame/command.ts";
import { type Command, command } from "../frame/context.ts";
import { UsageError } from "../frame/errors.ts";

type Deed = "pause" | "resume";

const deeds = {
  pause: {
    operation: subscriptionCommands.pauseSubscription,
    summary: "Pause a subscription: its events are kept and wait",
    done: "Paused",
  },
  resume: {
    operation: subscriptionCommands.resumeSubscription,
    summary: "Resume a subscription: what waits is delivered, in order",
    done: "Resumed",
  },
} as const;

function deed(name: Deed): Command {
  const { operation, summary, done } = deeds[name];
  return command({
    name,
    summary,
    arguments: [needed("TYPE", ["subscription"]), needed("NAME", "Subscription")],
    examples: [`dispatch ${name} subscription on-deploy`],
    run: async ({ args: [word = "", subscriptionName = ""], client, io }) => {
      if (!/^subscriptions?$/i.test(word))
        throw new UsageError(`only subscriptions can be ${done.toLowerCase()}: dispatch ${name} subscription NAME`);
      await client.call(operation, { path: { subscriptionName } });
      io.stdout(`${done} subscription: ${subscriptionName}\n`);
    },
  });
}

/** `pause subscription NAME`. */
export const pause = deed("pause");

/** `resume subscription NAME`. */
export const resume = deed("resume");
