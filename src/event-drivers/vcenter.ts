/** `vcenter`: everything that happens in a vCenter, as events such as `vm.deployed`. */
import { runDriver } from "./shared/main.ts";
import { keepWatching } from "./shared/watch.ts";
import { toDriverEvent } from "./vcenter/event.ts";
import { readVcenterSettings } from "./vcenter/settings.ts";
import { type Bookmark, watchOnce } from "./vcenter/watch.ts";

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
  const began = Date.parse(process.env.DISPATCH_SINCE ?? "") || Date.now();
  await keepWatching(gateway, {
    once: (ready) =>
      watchOnce({
        settings,
        bookmark,
        ageMs: Math.max(0, Date.now() - began),
        ready: (from) => {
          bookmark = from;
          return ready();
        },
        take: async (event) => {
          const next = { instance: event.instance, key: event.key, time: event.created };
          await gateway.push(toDriverEvent(event, event.instance, event.category), JSON.stringify(next));
          bookmark = next;
        },
      }),
    isPassing,
  });
});

/** Nobody waits for a password to become right. */
function isPassing(error: unknown): boolean {
  return !(
    error instanceof Error &&
    "fault" in error &&
    ["InvalidLogin", "NoPermission"].includes(String(error.fault))
  );
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
