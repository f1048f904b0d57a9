/** What an organization's workers do, for people. */
import type { Iam } from "../shared/iam.ts";
import type { Runtime } from "../shared/ports.ts";
import type { Principal } from "../shared/principal.ts";
import type { WorkerResource } from "./contract.ts";
import type { Pool } from "./pool.ts";

export interface WorkersPorts {
  readonly iam: Iam;
  readonly pool: Pool;
  readonly runtime: Pick<Runtime, "memoryOf">;
}

export class Workers {
  readonly #ports: WorkersPorts;

  constructor(ports: WorkersPorts) {
    this.#ports = ports;
  }

  /** Those of one function, or all. @throws FORBIDDEN */
  list(principal: Principal, organization: string, functionName: string | undefined): WorkerResource[] {
    const { iam, pool, runtime } = this.#ports;
    iam.authorize(principal, { resource: "worker", action: "get", organization });
    const own = pool.workers(organization);
    const wanted = functionName === undefined ? own : own.filter((worker) => worker.functionName === functionName);
    return wanted.map((worker) => {
      const memory = worker.name === undefined ? undefined : runtime.memoryOf(worker.name);
      return memory === undefined ? worker : { ...worker, memory };
    });
  }
}
