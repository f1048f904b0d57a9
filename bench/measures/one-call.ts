/** A single blocking run that must succeed. */
import { load } from "../load.ts";
import { headers } from "../rest.ts";
import { input } from "../workspace.ts";

/** Generic workers that a server keeps for each image in use, as set by default. */
export const WARM = 2;

/** Milliseconds from request to answer, over a connection that is open already. @throws Error unless it succeeds. */
export async function callOnce(api: string, name: string): Promise<number> {
  const url = `${api}/v1/runs?functionName=${name}`;
  const { latencies, errors } = await load({ url, headers, body: `{"blocking":true,"input":${input}}` }, 1, 1);
  if (errors > 0) throw new Error(`a call of ${name} failed`);
  return latencies[0] ?? Number.NaN;
}
