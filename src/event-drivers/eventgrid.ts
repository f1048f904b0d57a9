/** `eventgrid`: takes the events of Azure Event Grid, with both of its handshakes (cli-and-runtimes.md 3.2). */
import { createHash, timingSafeEqual } from "node:crypto";
import { messagesOf, validation } from "./eventgrid/events.ts";
import { forwarder } from "./shared/forward.ts";
import { handshake } from "./shared/handshake.ts";
import { runDriver } from "./shared/main.ts";
import { type Received, Refused, receive } from "./shared/receiver.ts";

const defaults = { port: "80", org: "", "shared-secret": "", debug: "", dryrun: "", "dry-run": "" };

await runDriver(defaults, async (flags, gateway) => {
  const code = process.env.SHARED_SECRET ?? flags["shared-secret"];
  const forward = forwarder(flags);
  await receive(
    async (request) => {
      checkCode(request, code);
      const greeted = handshake(request) ?? validation(request);
      if (greeted !== undefined) return greeted;
      if (request.method !== "POST") return { status: 405, headers: { Allow: "POST, OPTIONS" } };
      for (const message of messagesOf(request)) await forward(message);
      return { status: 200 };
    },
    () => gateway.hello(),
  );
});

/** Event Grid signs nothing: it shows what stands in the address that it was given. @throws Refused 401 */
function checkCode({ query }: Received, code: string): void {
  if (code === "") return;
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  if (!timingSafeEqual(digest(query.get("code") ?? ""), digest(code)))
    throw new Refused(401, "the address needs the shared secret: ...?code=SECRET");
}
