/** A server that runs functions in containers, with a Docker engine of its own. */
import { Dispatch, type FunctionFields, ORGANIZATION, parse, type RunObject } from "../e2e/support/dispatch.ts";
import { type ServerProcess, startServer } from "../e2e/support/server.ts";
import { until } from "../e2e/support/until.ts";
import { startDocker, type TestDocker } from "../support/docker.ts";

const PATIENCE_MS = 120_000;

export class ContainerTarget {
  readonly docker: TestDocker;
  readonly server: ServerProcess;
  #made = 0;

  constructor(docker: TestDocker, server: ServerProcess) {
    this.docker = docker;
    this.server = server;
  }

  /** Whoever works in the organization; with its image. */
  async as(organization: string): Promise<Dispatch> {
    const caller = new Dispatch(this.server.api, { "x-dispatch-org": organization });
    await caller.post("/v1/baseimage", { name: "base", dockerUrl: this.docker.bases.nodejs, language: "nodejs" });
    await caller.post("/v1/image", { name: "nodejs", baseImageName: "base" });
    const ready = async (): Promise<true | undefined> => {
      const { status, reason } = parse<{ status: string; reason?: string[] }>(await caller.get("/v1/image/nodejs"));
      if (status === "ERROR") throw new Error(reason?.join("; "));
      return status === "READY" ? true : undefined;
    };
    await until("the image of containers is READY", ready, PATIENCE_MS);
    return caller;
  }

  /** Runs a hostile function of Node.js in a container of its own, which stays. */
  async evaluate(
    source: string,
    input: unknown = null,
    fields: FunctionFields = {},
    organization = ORGANIZATION,
  ): Promise<RunObject> {
    const caller = await this.as(organization);
    this.#made += 1;
    const name = `hostile-${this.#made}`;
    const { status, reason } = await caller.createFunction(name, { "f.js": source }, fields);
    if (status !== "READY") throw new Error(`the attacker's function is ${status}: ${reason?.join()}`);
    return caller.run(name, input);
  }

  /** @throws Error when it did not come to its end: then nothing was tried. */
  async outputOf(...asked: Parameters<ContainerTarget["evaluate"]>): Promise<unknown> {
    const { output, error } = await this.evaluate(...asked);
    if (error !== undefined) throw new Error(`${error.type}: ${error.message}`);
    return output;
  }

  async close(): Promise<void> {
    await this.server.dispose();
    await this.docker.close();
  }
}

export async function startContainerTarget(): Promise<ContainerTarget> {
  const docker = await startDocker();
  try {
    const flags = ["--runtime", "docker", "--docker-socket", docker.socket, "--stop-grace", "2s"];
    return new ContainerTarget(docker, await startServer({ flags }));
  } catch (error) {
    await docker.close();
    throw error;
  }
}
