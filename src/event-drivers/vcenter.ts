/** `vcenter`: everything that happens in a vCenter, as events such as `vm.deployed`. */
import { setTimeout as delay } from "node:timers/promises";
import { runDriver } from "./shared/main.ts";
import { toDriverEvent } from "./vcenter/event.ts";
import { readVcenterSettings } from "./vcenter/settings.ts";
import { type Bookmark, watchOnce } from "./vcenter/watch.ts";

/** So long a lost vCenter is looked for before the driver ends, which shows in its state; it is started again then. */
const PATIENCE_MS = 30_000;

const flags = {
  vcenterurl: "",
  host: "",
  username: "",
  password: "",
  cafile: "",
  thumbprint: "",
  debug: "",
  "dry-run": "",
};

await runDriver(flags, async (given, gateway) => {
  const settings = readVcenterSettings(given, process.env);
  let bookmark = readBookmark(process.env.DISPATCH_BOOKMARK);
  for (let lost: number | undefined, pause = 500; ; pause = Math.min(pause * 2, 5000)) {
    try {
      await watchOnce({
        settings,
        bookmark,
        ready: async () => {
          lost = undefined;
          pause = 500;
          await gateway.hello();
        },
        take: async (event) => {
          const next = { instance: event.instance, key: event.key, time: event.created };
          await gateway.push(toDriverEvent(event, event.instance, event.category), JSON.stringify(next));
          bookmark = next;
        },
      });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      lost ??= performance.now();
      if (bookmark === undefined || performance.now() - lost > PATIENCE_MS || !isPassing(error)) throw error;
      console.error(`${reason}; connected again in ${pause} ms`);
      await delay(pause);
    }
  }
});

/** Nobody waits for a password to become right, or for Dispatch to know a token again. */
function isPassing(error: unknown): boolean {
  if (!(error instanceof Error) || error.name === "TokenError") return false;
  return !("fault" in error) || !["InvalidLogin", "NoPermission"].includes(String(error.fault));
}

function readBookmark(text: string | undefined): Bookmark | undefined {
  try {
    const { instance, key, time } = JSON.parse(text ?? "null") as Partial<Bookmark>;
    return typeof instance === "string" && typeof key === "number" && typeof time === "string"
      ? { instance, key, time }
      : undefined;
  } catch {
    return undefined;
  }
}
