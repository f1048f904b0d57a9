/** The server under attack: a throw-away one on the loopback, and a second one that asks for tokens when an attack needs it. */
import { administratorOf, bearer, createAccount, grant, signedToken } from "../e2e/iam/accounts.ts";
import { Dispatch, ORGANIZATION, type RunObject } from "../e2e/support/dispatch.ts";
import { type Answer, type Sending, send } from "../e2e/support/http.ts";
import { type ServerProcess, startServer } from "../e2e/support/server.ts";
import { type ContainerTarget, startContainerTarget } from "./containers.ts";

/** The door's own limits stay as they are delivered; a stop that waits longer would only make the attacks slower. */
const FLAGS = ["--debug", "--stop-grace", "2s", "--warm-workers", "1"];

const ANSWERS_WITHIN_MS = 5000;

/** A server with `--auth token` and an organization in it. */
export interface GuardedServer {
  readonly server: ServerProcess;
  readonly admin: Dispatch;
  /** A signed-in account that may do exactly this. */
  account(name: string, rules: Readonly<Record<string, readonly string[]>>): Promise<Dispatch>;
}

export const GUARDED_ORGANIZATION = "team-a";

export class Target {
  #server: ServerProcess;
  #guarded: Promise<GuardedServer> | undefined;
  #containers: Promise<ContainerTarget> | undefined;
  #made = 0;

  constructor(server: ServerProcess) {
    this.#server = server;
  }

  get server(): ServerProcess {
    return this.#server;
  }

  /** Its administrator, in the organization of the gateway. */
  get admin(): Dispatch {
    return this.as(ORGANIZATION);
  }

  /** Whoever works in another organization of it. */
  as(organization: string): Dispatch {
    return new Dispatch(this.#server.api, { "x-dispatch-org": organization });
  }

  /** A name that nothing has yet. */
  name(what: string): string {
    this.#made += 1;
    return `${what}-${this.#made}`;
  }

  /** Deploys a function of one file; its name. */
  async deploy(language: "nodejs" | "python3", source: string, fields: object = {}): Promise<string> {
    const name = this.name("attacker");
    const file = language === "nodejs" ? { "f.js": source } : { "f.py": source };
    const handler = language === "nodejs" ? {} : { handler: "f.handle" };
    const { status, reason } = await this.admin.createFunction(name, file, { image: language, ...handler, ...fields });
    if (status !== "READY") throw new Error(`the attacker's function is ${status}: ${reason?.join()}`);
    return name;
  }

  /** Runs a hostile function once, in a worker of its own. */
  async evaluate(
    language: "nodejs" | "python3",
    source: string,
    input: unknown = null,
    fields: object = {},
  ): Promise<RunObject> {
    const name = await this.deploy(language, source, fields);
    const run = await this.admin.run(name, input);
    await this.admin.delete(`/v1/function/${name}`);
    return run;
  }

  /** The output of a hostile function. @throws Error when it did not come to its end: then nothing was tried. */
  async outputOf(
    language: "nodejs" | "python3",
    source: string,
    input: unknown = null,
    fields: object = {},
  ): Promise<unknown> {
    const { output, error } = await this.evaluate(language, source, input, fields);
    if (error !== undefined) throw new Error(`${error.type}: ${error.message}`);
    return output;
  }

  /** Puts a function behind an endpoint; its path. */
  async publish(functionName: string, fields: object = {}): Promise<string> {
    const name = this.name("endpoint");
    const defaults = { enabled: true, methods: ["POST", "GET"], protocols: ["http"], authentication: "public" };
    const body = { name, function: functionName, uris: [`/${name}`], ...defaults, ...fields };
    const { status, text } = await this.admin.post("/v1/api", body);
    if (status >= 300) throw new Error(`endpoint: ${status} ${text}`);
    return `/${ORGANIZATION}/${name}`;
  }

  /** A stranger's request to the gateway. */
  knock(path: string, sending: Sending = {}): Promise<Answer> {
    return send(`${this.#server.gateway}${path}`, { method: "POST", ...sending });
  }

  guarded(): Promise<GuardedServer> {
    this.#guarded ??= startGuarded();
    return this.#guarded;
  }

  /** A server of its own with a Docker engine of its own, started when an attack needs it. */
  containers(): Promise<ContainerTarget> {
    this.#containers ??= startContainerTarget();
    return this.#containers;
  }

  /** Whether it still answers, in time. */
  async isAlive(): Promise<boolean> {
    const late = new Promise<boolean>((resolve) => setTimeout(resolve, ANSWERS_WITHIN_MS, false).unref());
    const answer = this.admin.raw("/healthz").then(
      ({ status }) => status === 200,
      () => false,
    );
    return Promise.race([answer, late]);
  }

  /** Stops it, or ends it when it does not stop, and starts it on the same data. */
  async restart(): Promise<void> {
    const { dataDir } = this.#server;
    const stopped = await within(this.#server.stop(), 10_000);
    if (!stopped) await this.#server.kill();
    this.#server = await startServer({ dataDir, flags: FLAGS });
  }

  async close(): Promise<void> {
    await this.#server.dispose();
    await (await this.#guarded)?.server.dispose();
    await (await this.#containers?.catch(() => undefined))?.close();
  }
}

export async function startTarget(): Promise<Target> {
  const target = new Target(await startServer({ flags: FLAGS }));
  await Promise.all((["nodejs", "python3"] as const).map((language) => target.admin.createImage(language)));
  return target;
}

async function startGuarded(): Promise<GuardedServer> {
  const server = await startServer({ flags: ["--auth", "token", ...FLAGS] });
  const admin = await administratorOf(server, GUARDED_ORGANIZATION);
  await admin.createImage("nodejs");
  const account: GuardedServer["account"] = async (name, rules) => {
    const keys = await createAccount(admin, name);
    for (const [resource, actions] of Object.entries(rules))
      await grant(admin, `${name}-${resource}`, { subjects: [name], resources: [resource], actions: [...actions] });
    return bearer(server, GUARDED_ORGANIZATION, signedToken(`${GUARDED_ORGANIZATION}/${name}`, keys));
  };
  return { server, admin, account };
}

/** Whether it was done in time. */
export async function within(done: Promise<unknown>, milliseconds: number): Promise<boolean> {
  const late = new Promise<boolean>((resolve) => setTimeout(resolve, milliseconds, false).unref());
  return Promise.race([done.then(() => true), late]);
}
