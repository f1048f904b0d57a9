/** The small store that Dispatch keeps for applications, reached through the function door. */
import type { DoorAddress } from "./context.ts";
import type { StateStore, Stored } from "./journal.ts";
import type { RestAnswer, RestRequest } from "./rest.ts";
import { createSend, RestError, valueAt } from "./rest.ts";

/** @throws RestError, UnreachableError from each method when the store cannot do its work. */
export function openStateStore(door: DoorAddress): StateStore {
  const send = createSend({ cloud: "Dispatch" });
  const headers = { authorization: `Bearer ${door.token}`, "x-dispatch-org": door.organization };
  const address = (key: string) =>
    `${door.url}/v1/state/${encodeURIComponent(door.application ?? "cloudmaster")}/${encodeURIComponent(key)}`;

  /** Undefined when the store answers with `status`, which is no failure here. */
  async function ask(status: number, request: RestRequest): Promise<RestAnswer | undefined> {
    try {
      return await send({ headers, ...request });
    } catch (error) {
      if (error instanceof RestError && error.status === status) return undefined;
      throw error;
    }
  }

  return {
    get: async (key) => toStored(await ask(404, { method: "GET", url: address(key) })),
    put: async (key, value, version = "0") => {
      const body = { value, version: Number(version) };
      return (await ask(409, { method: "PUT", url: address(key), body })) !== undefined;
    },
    remove: async (key, version) => {
      const url = `${address(key)}?version=${encodeURIComponent(version)}`;
      const gone = await ask(404, { method: "DELETE", url }).catch((error: unknown) => {
        if (error instanceof RestError && error.status === 409) return false;
        throw error;
      });
      return gone !== false;
    },
  };
}

function toStored(answer: RestAnswer | undefined): Stored | undefined {
  const version = valueAt(answer?.body, "version");
  return typeof version === "number" ? { value: valueAt(answer?.body, "value"), version: String(version) } : undefined;
}
