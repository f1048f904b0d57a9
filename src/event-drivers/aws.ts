/** `aws`: what EventBridge sends into a queue of SQS, or what any queue has. A message is deleted when its event is on record. */
import { connectAws } from "./aws/client.ts";
import { type QueueMessage, toAwsEvent } from "./aws/event.ts";
import { obtainQueue, removeQueue } from "./aws/resources.ts";
import { readAwsSettings } from "./aws/settings.ts";
import { isOn, UsageError } from "./shared/flags.ts";
import { causeOf } from "./shared/gateway.ts";
import { runDriver } from "./shared/main.ts";
import { keepWatching } from "./shared/watch.ts";

const flags = {
  region: "us-west-2",
  "event-patterns": "",
  "schedule-expression": "",
  "queue-name": "dispatch",
  "queue-url": "",
  endpoint: "",
  duration: "20",
  visibility: "60",
  source: "dispatch",
  "clean-up": "",
  org: "",
  debug: "",
  "dry-run": "",
};

interface Received extends QueueMessage {
  readonly handle: string;
}

await runDriver(flags, async (given, gateway) => {
  const settings = readAwsSettings(given, process.env);
  const call = connectAws(settings.account);

  const receive = async (queueUrl: string, waitSeconds: number): Promise<Received[]> => {
    const { Messages: messages } = await call("sqs", "ReceiveMessage", {
      ...{ QueueUrl: queueUrl, MaxNumberOfMessages: 10 },
      ...{ WaitTimeSeconds: waitSeconds, VisibilityTimeout: settings.hiddenSeconds },
    });
    if (!Array.isArray(messages)) return [];
    return (messages as Record<string, unknown>[]).map(({ MessageId: id, Body: body, ReceiptHandle: handle }) => ({
      ...{ id: String(id), body: String(body), handle: String(handle) },
    }));
  };

  /** One that cannot be deleted now comes again and counts once; those behind it do not wait for that. */
  const remove = async (queueUrl: string, { id, handle }: Received): Promise<void> => {
    await call("sqs", "DeleteMessage", { QueueUrl: queueUrl, ReceiptHandle: handle }).catch((error: unknown) => {
      if (error instanceof UsageError) throw error;
      console.error(`message ${id} is on record, but still in the queue: ${causeOf(error)}`);
    });
  };

  const once = async (ready: () => Promise<void>): Promise<never> => {
    const queueUrl = await obtainQueue(call, settings);
    if (isOn(given["clean-up"]))
      process.once("SIGTERM", () => void removeQueue(call, settings, queueUrl).finally(() => process.exit()));
    // The first look does not wait: it shows whether the queue may be read.
    for (let isReady = false; ; isReady = true) {
      const messages = await receive(queueUrl, isReady ? settings.waitSeconds : 0);
      if (!isReady) await ready();
      for (const message of messages) {
        await gateway.push(toAwsEvent(message, given.source));
        await remove(queueUrl, message);
      }
    }
  };
  await keepWatching(gateway, { once, isPassing: () => true });
});
