/** `nats`: the messages of subjects, or of a JetStream stream, each as an event. */
import { toNatsEvent } from "./nats/event.ts";
import { readNatsSettings } from "./nats/settings.ts";
import { watchOnce } from "./nats/watch.ts";
import { runDriver } from "./shared/main.ts";
import { keepWatching } from "./shared/watch.ts";

const flags = {
  servers: "",
  subject: "",
  queue: "",
  stream: "",
  durable: "",
  deliver: "new",
  type: "",
  source: "nats",
  debug: "",
  "dry-run": "",
};

await runDriver(flags, async (given, gateway) => {
  const settings = readNatsSettings(given, process.env);
  await keepWatching(gateway, {
    once: (ready) => watchOnce({ settings, ready, take: (message) => gateway.push(toNatsEvent(message, settings)) }),
    isPassing: () => true,
  });
});
