/** `cloudevents`: takes CloudEvents and signed webhooks over HTTP (cli-and-runtimes.md 3.2). */
import { eventOf } from "./cloudevents/events.ts";
import { readSender } from "./cloudevents/sender.ts";
import { forwarder } from "./shared/forward.ts";
import { handshake } from "./shared/handshake.ts";
import { runDriver } from "./shared/main.ts";
import { receive } from "./shared/receiver.ts";

const defaults = {
  ...{ auth: "", header: "", algorithm: "", encoding: "", prefix: "", timeheader: "", source: "webhook" },
  // The published driver's own, which mean nothing here or are common to all.
  ...{ port: "80", org: "", "shared-secret": "", debug: "", dryrun: "", "dry-run": "" },
};

await runDriver(defaults, async (flags, gateway) => {
  const sender = readSender(flags);
  const forward = forwarder(flags);
  await receive(
    async (request) => {
      const greeted = handshake(request);
      if (greeted !== undefined) return greeted;
      if (request.method !== "POST") return { status: 405, headers: { Allow: "POST, OPTIONS" } };
      sender.check(request);
      return forward(eventOf(request, sender.scheme, flags.source));
    },
    () => gateway.hello(),
  );
});
