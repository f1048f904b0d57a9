/** docs/performance.md, made of the results. */
import type { Options } from "./options.ts";
import type { Row } from "./row.ts";
import { markdownTable } from "./table.ts";

/** The whole page. `day` is a date as `2026-01-31`. */
export function reportPage(rows: readonly Row[], machine: string, day: string, options: Options): string {
  const { rounds, requests, clients } = options;
  return `# Performance

Written by \`npm run bench -- --write\`; a plain \`npm run bench\` prints the same table and writes nothing.

Measured on ${day}: ${machine}.

${markdownTable(rows)}

## How it is measured

- A *run* is the whole way: authentication, validation, a sandboxed worker, the function, its logs, and a record that is
  committed to disk (\`synchronous=FULL\`) before the caller hears of the result.
- What it is compared with, the *echo*, is a bare \`node:http\` server that parses its JSON body and answers it.
- ${rounds} rounds; each measures echo, REST and gateway one after the other with ${requests.toLocaleString("en")} requests over ${clients} keep-alive
  connections and an input of 60 bytes. A ratio is taken within a round, and of the rounds the median.
- CPU is user and system time of the server, its database thread and all workers and sandboxes, from \`/proc\`.
- The load generator is pinned to the last core; echo and Dispatch may use every core, the generator's as well. Where
  there are only two cores, workers, database thread and generator share them, and throughput suffers from that.
- A *cold* function has no worker (\`dispatch_function_workers\` says so). From the *warm set* means that pre-started generic
  workers of its image wait (\`dispatch_generic_workers\`); with an empty one a sandbox and an interpreter are started.
- A language's *bare start* is its interpreter with a program that does nothing; it and the call that it is compared with take turns. The
  memory of a worker is what it alone has written, beside an interpreter that waits. *The server alone* is without its workers.
- The list is measured at the client over one connection, less the same request for an organization without runs.
`;
}
