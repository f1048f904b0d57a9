import { workerOperations } from "../../core/pool/contract.ts";
import type { Workers } from "../../core/pool/workers.ts";
import type { Route } from "./route.ts";

export function workerRoutes(workers: Workers): Route[] {
  return [
    {
      operation: workerOperations.listWorkers,
      handle: async ({ principal, organization, query }) => {
        const { functionName } = query as { functionName?: string };
        return { body: workers.list(principal, organization, functionName) };
      },
    },
  ];
}
