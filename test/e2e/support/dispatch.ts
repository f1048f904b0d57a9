/** What tests ask of a server, in the words of its users. */
import { type Files, sourceOf } from "./archive.ts";
import { type Answer, type Sending, send } from "./http.ts";
import { type ServerOptions, type ServerProcess, startServer } from "./server.ts";
import { until } from "./until.ts";

export interface RunObject {
  readonly name: string;
  readonly status: string;
  readonly functionName: string;
  readonly faasId: string;
  readonly functionId: string;
  readonly blocking?: boolean;
  readonly input?: unknown;
  readonly output?: unknown;
  readonly reason: string[] | null;
  readonly secrets: string[] | null;
  readonly tags: { key: string; value: string }[];
  readonly logs?: { stdout: string[] | null; stderr: string[] | null };
  readonly error?: { type: string; message: string; stacktrace: string[] | null };
  readonly executedTime: number;
  readonly finishedTime?: number;
  readonly startAt?: string;
}

export interface FunctionObject {
  readonly name: string;
  readonly id: string;
  readonly faasId: string;
  readonly status: string;
  readonly reason: string[] | null;
}

/** Fields of a function besides its name and source. */
export type FunctionFields = Readonly<Record<string, unknown>>;

export interface RunFields {
  readonly secrets?: readonly string[];
  readonly tags?: readonly { key: string; value: string }[];
}

export const ORGANIZATION = "dispatch-server";

/** One caller of one server. */
export class Dispatch {
  readonly #url: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(url: string, headers: Readonly<Record<string, string>> = {}) {
    this.#url = url;
    this.headers = { cookie: "cookie", "x-dispatch-org": ORGANIZATION, ...headers };
  }

  /** The request as given, without the headers that every client sends. */
  raw(path: string, sending: Sending = {}): Promise<Answer> {
    return send(`${this.#url}${path}`, sending);
  }

  get(path: string): Promise<Answer> {
    return this.raw(path, { headers: this.headers });
  }

  delete(path: string): Promise<Answer> {
    return this.raw(path, { method: "DELETE", headers: { ...this.headers, "content-type": "application/json" } });
  }

  post(path: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.#write("POST", path, body, headers);
  }

  put(path: string, body: unknown): Promise<Answer> {
    return this.#write("PUT", path, body, {});
  }

  /** Creates base image and image of a language, named as the seeds are, and waits until they are READY. */
  async createImage(language: "nodejs" | "python3"): Promise<void> {
    const dockerUrl = `dispatchframework/${language}-base:0.0.13`;
    expectStatus(201, await this.post("/v1/baseimage", { name: `${language}-base`, dockerUrl, language }));
    expectStatus(201, await this.post("/v1/image", { name: language, baseImageName: `${language}-base` }));
    await until(`image ${language} is READY`, async () => {
      const { status } = parse<{ status: string }>(await this.get(`/v1/image/${language}`));
      return status === "READY" ? status : undefined;
    });
  }

  /** Creates a function and waits for the end of its first build, good or bad. */
  async createFunction(name: string, files: Files, fields: FunctionFields = {}): Promise<FunctionObject> {
    expectStatus(201, await this.post("/v1/function", functionBody(name, files, fields)));
    return this.built(name);
  }

  /** Replaces a function and waits for the end of its build. */
  async updateFunction(name: string, files: Files, fields: FunctionFields = {}): Promise<FunctionObject> {
    expectStatus(200, await this.put(`/v1/function/${name}`, functionBody(name, files, fields)));
    return this.built(name);
  }

  built(name: string): Promise<FunctionObject> {
    return until(`function ${name} is built`, async () => {
      const found = parse<FunctionObject>(await this.get(`/v1/function/${name}`));
      return found.status === "READY" || found.status === "ERROR" ? found : undefined;
    });
  }

  /** A blocking run. */
  async run(name: string, input?: unknown, fields: RunFields = {}): Promise<RunObject> {
    const answer = await this.post(`/v1/runs?functionName=${name}`, { blocking: true, input, ...fields });
    expectStatus(200, answer);
    return parse<RunObject>(answer);
  }

  /** A run that is not waited for. */
  async start(name: string, input?: unknown, fields: RunFields = {}): Promise<RunObject> {
    const answer = await this.post(`/v1/runs?functionName=${name}`, { blocking: false, input, ...fields });
    expectStatus(202, answer);
    return parse<RunObject>(answer);
  }

  async getRun(id: string): Promise<RunObject> {
    const answer = await this.get(`/v1/runs/${id}`);
    expectStatus(200, answer);
    return parse<RunObject>(answer);
  }

  async runs(query = ""): Promise<RunObject[]> {
    const answer = await this.get(`/v1/runs${query}`);
    expectStatus(200, answer);
    return parse<RunObject[]>(answer);
  }

  /** The run as it stands once it has ended. */
  finished(id: string): Promise<RunObject> {
    return until(`run ${id} has ended`, async () => {
      const run = await this.getRun(id);
      return run.finishedTime === undefined ? undefined : run;
    });
  }

  #write(method: string, path: string, body: unknown, headers: Readonly<Record<string, string>>): Promise<Answer> {
    const json = { ...this.headers, "content-type": "application/json", ...headers };
    return this.raw(path, { method, headers: json, body: typeof body === "string" ? body : JSON.stringify(body) });
  }
}

/** The body of POST and PUT of a function; the image is `nodejs` unless a field says otherwise. */
export function functionBody(name: string, files: Files, fields: FunctionFields = {}): FunctionFields {
  return { name, image: "nodejs", source: sourceOf(files), ...fields };
}

export function parse<T>({ text }: Answer): T {
  return JSON.parse(text) as T;
}

/** The body of a refusal. */
export function errorOf(answer: Answer): { code: number; message: string } {
  return parse(answer);
}

/** A server with the given images, and its caller. */
export async function serverWith(
  languages: readonly ("nodejs" | "python3")[],
  options: ServerOptions = {},
): Promise<{ server: ServerProcess; dispatch: Dispatch }> {
  const server = await startServer(options);
  const dispatch = new Dispatch(server.api);
  await Promise.all(languages.map((language) => dispatch.createImage(language)));
  return { server, dispatch };
}

function expectStatus(status: number, answer: Answer): void {
  if (answer.status !== status) throw new Error(`expected ${status}, got ${answer.status}: ${answer.text}`);
}
