/** What clocks that wait cost: drivers of the type `cron`, each with a time of its own that is far away. */
import { type DispatchServer, startDispatch } from "../dispatch-server.ts";
import { costOfWaiting } from "../idle.ts";
import { load } from "../load.ts";
import type { Measure } from "../measure.ts";
import { headers } from "../rest.ts";

export const schedules: Measure = async (options) => {
  const { installation, clients, scheduled } = options;
  const server = await startDispatch(installation);
  try {
    await server.rest.call("POST", "/v1/event/drivertypes", { name: "cron", image: "cron" });
    const make = async (): Promise<void> => {
      const url = `${server.api}/v1/event/drivers`;
      const body = (n: number): string =>
        JSON.stringify({ name: `clock-${n}`, type: "cron", config: [{ key: "cron", value: farAway(n) }] });
      const { errors } = await load({ url, headers, body, status: 201 }, clients, scheduled);
      if (errors > 0) throw new Error(`${errors} of ${scheduled} drivers were not made`);
      await untilReady(server, scheduled);
    };
    return [await costOfWaiting("schedules", server, options, make)];
  } finally {
    await server.stop();
  }
};

/** A second of a day in half a year. */
function farAway(n: number): string {
  const month = ((new Date().getMonth() + 6) % 12) + 1;
  return `${n % 60} ${Math.floor(n / 60) % 60} ${Math.floor(n / 3600) % 24} 1 ${month}`;
}

async function untilReady({ rest }: DispatchServer, count: number): Promise<void> {
  for (let n = 0; n < count; n++) await rest.ready(`/v1/event/drivers/clock-${n}`, 100);
}
