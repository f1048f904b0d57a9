/** Brings to the server what has changed, and says so when that is what runs. */
import type { Context } from "../context/context.ts";
import { functionKind } from "../kinds/function.ts";
import { image } from "../kinds/image.ts";
import type { Kind } from "../kinds/kind.ts";
import { fetchOne, put } from "../kinds/resources.ts";
import { secret } from "../kinds/secret.ts";
import { type JsonObject, text } from "../output/json.ts";
import { readyOrReason } from "../verbs/wait.ts";
import { type DevFunction, imageName, secretName, type Wanted } from "./dev-function.ts";

/** An installation may take its time. */
const LONGEST_WAIT = "30m";
/** A deployment takes less than a person notices: it is asked for as often. */
const FIRST_PAUSE_MS = 4;

type Part = "image" | "secret" | "function";

export class Deployer {
  readonly #context: Context;
  readonly #target: DevFunction;
  /** By part: what the server has and can use, as text. */
  readonly #sent = new Map<Part, string>();
  /** Something was brought that nobody was told of. */
  #news = false;
  #said = "";

  constructor(context: Context, target: DevFunction) {
    this.#context = context;
    this.#target = target;
  }

  /** Once more when something was saved meanwhile: `reloaded` is said of what the files hold. `since` is when it was saved. */
  async deploy(since: number): Promise<void> {
    let from = since;
    let wanted = await this.#target.wanted();
    for (;;) {
      const problem = await this.#bring(wanted);
      const now = await this.#target.wanted();
      if (JSON.stringify(now) === JSON.stringify(wanted)) return this.#tell(problem, performance.now() - from);
      from = performance.now();
      wanted = now;
    }
  }

  /** The same sentence is not repeated. */
  say(sentence: string): void {
    if (sentence !== this.#said) this.#context.io.stderr(`${sentence}\n`);
    this.#said = sentence;
  }

  #tell(problem: string | undefined, milliseconds: number): void {
    if (problem !== undefined) this.say(`not reloaded: ${problem}`);
    if (problem !== undefined || !this.#news) return;
    this.#news = false;
    this.#said = "";
    this.#context.io.stdout(`reloaded ${this.#target.name} in ${Math.round(milliseconds)} ms\n`);
  }

  /** Why it cannot be deployed. */
  async #bring({ body, secrets, manifest }: Wanted): Promise<string | undefined> {
    const { name } = this.#target;
    if (manifest !== undefined) {
      const problem = await this.#put("image", image, await this.#imageBody(manifest));
      if (problem !== undefined) return problem;
    }
    if (secrets !== undefined) await this.#put("secret", secret, { name: secretName(name), secrets, tags: [] });
    return this.#put("function", functionKind, body);
  }

  async #imageBody(manifest: string): Promise<JsonObject> {
    const { file, name } = this.#target;
    const like = await fetchOne(this.#context, image, file.language);
    const runtimeDependencies = { manifest };
    return { name: imageName(name), baseImageName: text(like, "baseImageName"), runtimeDependencies, tags: [] };
  }

  async #put(part: Part, kind: Kind, body: JsonObject): Promise<string | undefined> {
    const digest = JSON.stringify(body);
    if (this.#sent.get(part) === digest) return undefined;
    this.#sent.delete(part);
    // A function is built on what its image was when it was written.
    if (part === "image") this.#sent.delete("function");
    await put(this.#context, kind, body);
    const { problem } = await readyOrReason(this.#context, kind, String(body.name), LONGEST_WAIT, FIRST_PAUSE_MS);
    if (problem === undefined) this.#sent.set(part, digest);
    this.#news = true;
    return problem;
  }
}
