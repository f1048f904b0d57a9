/** What runs that wait for their time cost a server on which nothing but time passes. */
import { startDispatch } from "../dispatch-server.ts";
import { costOfWaiting } from "../idle.ts";
import { load } from "../load.ts";
import type { Measure } from "../measure.ts";
import { headers } from "../rest.ts";
import { createFunction, createImage } from "../workspace.ts";

export const waitingRuns: Measure = async (options) => {
  const { installation, clients, scheduled } = options;
  const server = await startDispatch(installation);
  try {
    await createImage(server.rest, "nodejs");
    await createFunction(server.rest, "nodejs", "later");
    await server.rest.ready("/v1/function/later");
    const make = async (): Promise<void> => {
      const startAt = new Date(Date.now() + 86_400_000).toISOString();
      const url = `${server.api}/v1/runs?functionName=later`;
      const request = { url, headers, body: JSON.stringify({ startAt }), status: 202 };
      const { errors } = await load(request, clients, scheduled);
      if (errors > 0) throw new Error(`${errors} of ${scheduled} runs were not taken`);
    };
    return [await costOfWaiting("runs", server, options, make)];
  } finally {
    await server.stop();
  }
};
