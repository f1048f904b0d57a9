/**
 * `postgres`: what NOTIFY sends to channels, each as an event. PostgreSQL keeps nothing for those who are away: after each
 * such time a `postgres.missed` tells from when to when.
 */
import type { Notification } from "pg";
import { readPostgresSettings } from "./postgres/settings.ts";
import { watchOnce } from "./postgres/watch.ts";
import { contentOfText, typeOfName } from "./shared/content.ts";
import type { DriverEvent } from "./shared/gateway.ts";
import { runDriver } from "./shared/main.ts";
import { keepWatching } from "./shared/watch.ts";

const flags = {
  channel: "",
  host: "",
  port: "",
  database: "",
  sslmode: "",
  type: "",
  source: "postgres",
  debug: "",
  "dry-run": "",
};

await runDriver(flags, async (given, gateway) => {
  const settings = readPostgresSettings(given, process.env);
  /** Until then everything was heard; undefined before the first start. */
  let heard = process.env.DISPATCH_BOOKMARK;
  const push = (event: Omit<DriverEvent, "source">): Promise<void> => {
    const now = new Date().toISOString();
    return gateway.push({ ...event, source: settings.source }, now);
  };
  const ready = async (): Promise<void> => {
    const to = new Date().toISOString();
    const data = { channels: settings.channels, from: heard, to };
    if (heard !== undefined) await push({ eventType: "postgres.missed", contentType: "application/json", data });
    heard = to;
  };
  const take = async ({ channel, payload = "" }: Notification): Promise<void> => {
    await push({
      eventType: settings.type || typeOfName(channel),
      extensions: { subject: channel },
      ...contentOfText(payload),
    });
    heard = new Date().toISOString();
  };
  await keepWatching(gateway, {
    once: (hello) =>
      watchOnce({
        settings,
        ready: async () => {
          await hello();
          await ready();
        },
        take,
      }),
    isPassing: () => true,
  });
});
