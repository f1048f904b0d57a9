/** Functions: their life from the uploaded source to the revision that serves. */
import { randomUUID } from "node:crypto";
import type { Revision } from "../pool/revision.ts";
import type { ForgottenRuns } from "../retention/forgotten-runs.ts";
import { unixSeconds } from "../shared/clock.ts";
import { cutReason } from "../shared/cut.ts";
import { DispatchError } from "../shared/errors.ts";
import { KeyedQueue } from "../shared/keyed-queue.ts";
import type { Statement } from "../shared/ports.ts";
import { SourceError } from "../shared/source-file.ts";
import { statement } from "../shared/statement.ts";
import type { Change } from "../store/change-feed.ts";
import { type ResourcePorts, ResourceService, type Write } from "../store/resource-service.ts";
import { ResourceWork, type ResourceWorkPorts } from "../store/resource-work.ts";
import { complete, type HeldJob } from "../work/job.ts";
import { persist } from "../work/persist.ts";
import type { Ending, Perform } from "../work/worker.ts";
import type { ArchiveLimits } from "./archive.ts";
import { refuseBeyond, revisionWithin } from "./ceilings.ts";
import type { FunctionResource } from "./contract.ts";
import { type DeploymentPorts, deploy, type FailedDeployment, failedDeployment } from "./deployment.ts";
import { type FunctionDocument, type FunctionRecord, functionToWire } from "./document.ts";
import { Revisions, type Serving, type StoredRevision } from "./revisions.ts";
import type { Schemas } from "./schema/schemas.ts";
import { SourceReader } from "./source-reader.ts";
import { Base64Error } from "./source-upload.ts";

export interface FunctionsPorts extends DeploymentPorts, ResourcePorts, ResourceWorkPorts {
  readonly archiveLimits: ArchiveLimits;
  readonly schemas: Schemas;
  /** Whether functions may ask for the host's own network. */
  readonly allowHostNetwork: boolean;
  readonly forgotten: Pick<ForgottenRuns, "promise" | "begin">;
}

type FunctionKey = { readonly organization: string; readonly id: string };

const dropRevisionsOf = statement((database, { organization, id }: FunctionKey) =>
  database.deleteFrom("revisions").where("organization", "=", organization).where("function_id", "=", id),
);

export class Functions extends ResourceService<FunctionResource, FunctionDocument> {
  readonly #ports: FunctionsPorts;
  readonly #revisions: Revisions;
  readonly #sources: SourceReader;
  readonly #work: ResourceWork;
  readonly #queue: KeyedQueue;
  /** By function: the revision that serves. */
  readonly #served = new Map<string, string>();

  constructor(ports: FunctionsPorts) {
    super({ kind: "Function", word: "function", resource: "function", bodyFirst: true, actsForAuthor: {} }, ports);
    this.#ports = ports;
    this.#revisions = new Revisions(ports.database, ports.schemas);
    this.#sources = new SourceReader(ports.archiveLimits);
    this.#work = new ResourceWork("deployment", ports);
    this.#queue = new KeyedQueue((error) => ports.log.warn({ err: error }, "a change could not be followed"));
    ports.feed.subscribe("Image", (change) => void this.#deployWaiting(change));
    ports.feed.subscribe("Function", (change) => this.#serveAnew(change));
  }

  /** Reads all, warms what serves, and takes up deployments that a stop interrupted. */
  override async load(): Promise<void> {
    await super.load();
    const records = this.store.all();
    const wanted = new Set(records.flatMap(({ document }) => document.serving ?? []));
    await this.#revisions.load(wanted, (revision) => this.#today(revision));
    for (const record of records) {
      const serving = this.#servingOf(record);
      if (serving !== undefined && !(await this.#ports.images.holds(serving.revision.image))) {
        await this.#forgetLost(record, serving.revision);
        continue;
      }
      if (serving !== undefined) {
        this.#ports.pool.keepWarm(serving.revision);
        this.#served.set(record.id, serving.revision.faasId);
      }
    }
    await this.#work.resume(this.store.all().filter(isPending));
  }

  /** Its image's dependencies are gone: it is deployed again when the image is there. */
  async #forgetLost(record: FunctionRecord, { organization, faasId }: Revision): Promise<void> {
    this.#revisions.forget(faasId);
    const lost = { ...record.document, status: "INITIALIZED", reason: null, serving: null, built: false } as const;
    await this.store.note(record, lost, [Revisions.remove(organization, faasId)]);
  }

  /** What a call of this name runs. @throws NOT_FOUND, FUNCTION_NOT_READY */
  serving(organization: string, name: string): Serving {
    const record = this.store.get(organization, name);
    const serving = this.#servingOf(record);
    if (serving === undefined) throw new DispatchError("FUNCTION_NOT_READY", { name });
    return serving;
  }

  /** Whether calls of this function are still to be recorded. */
  exists(organization: string, name: string, id: string): boolean {
    return this.store.find(organization, name)?.id === id;
  }

  /** How a function stands, and why it is refused to everybody; undefined when there is none of that name. */
  state(
    organization: string,
    name: string,
  ): { status: string; serving: boolean; refusal: string | undefined } | undefined {
    const record = this.store.find(organization, name);
    if (record === undefined) return undefined;
    const { author, document } = record;
    const refusal = this.iam.hindrance({ words: `function ${name}`, author });
    return { status: document.status, serving: this.#servingOf(record) !== undefined, refusal };
  }

  /** The digests of what is needed on disk: of sources and what was made of them, and of the images of revisions. */
  used(): { readonly blobs: readonly string[]; readonly images: readonly string[] } {
    const records = this.store.all();
    const serving = records.map((record) => this.#servingOf(record)?.revision).filter((one) => one !== undefined);
    const revisions = [...serving, ...this.#ports.pool.revisions()];
    const sources = records.map(({ document }) => document.source).filter((source) => source !== null);
    return {
      blobs: [...sources, ...revisions.map(({ source }) => source)],
      images: revisions.map(({ image }) => image.digest),
    };
  }

  /** What was deployed under more generous settings, within those of today. */
  #today(revision: Revision): Revision {
    const within = revisionWithin(this.#ports.ceilings, revision);
    const isCutOff = revision.network === "host" && !this.#ports.allowHostNetwork;
    return isCutOff ? { ...within, network: "isolated" } : within;
  }

  #servingOf({ document }: FunctionRecord): Serving | undefined {
    return document.serving === null ? undefined : this.#revisions.get(document.serving);
  }

  protected override promises(record: FunctionRecord): readonly Statement[] {
    return [this.#work.promise(record)];
  }

  protected override written(): void {
    this.#work.wake();
  }

  /** What is being deployed is left to the next start. */
  stop(): void {
    this.#work.stop();
  }

  /** An image changed: those that waited for it go on, unless it is still being built. */
  async #deployWaiting({ organization, name }: Change): Promise<void> {
    const status = this.#ports.images.find(organization, name)?.document.status ?? "ERROR";
    if (status !== "READY" && status !== "ERROR") return;
    const waiting = this.store.list(organization).filter((one) => one.document.image === name && isPending(one));
    if (waiting.length === 0) return;
    const { database, log } = this.#ports;
    const told = (error: unknown): void => log.warn({ err: error }, "functions that wait for an image wait on");
    const promise = (): Promise<void> => database.commit(waiting.map((record) => this.#work.promise(record)));
    await persist(promise, () => !this.#work.stopping, told).catch(told);
    this.#work.wake();
  }

  /** Deploys it as it is now. */
  readonly perform: Perform = async (job) => {
    const record = this.#work.of(this.store, job);
    if (record === undefined || !isPending(record)) return [];
    const hopeless = this.#work.hopeless(job);
    if (hopeless !== undefined) return this.#failed(job, record, failedDeployment(hopeless));
    const deployment = await this.#work.unlessStopped(deploy(this.#ports, record));
    // The image tells when it is there.
    if (deployment.kind === "waiting") return [];
    if (deployment.kind === "failed") return this.#failed(job, record, deployment);
    return this.#ready(job, record, deployment.stored);
  };

  async #failed(
    job: HeldJob,
    record: FunctionRecord,
    { faasId, reason, imageless }: FailedDeployment,
  ): Promise<Ending> {
    const built = record.document.built || imageless !== true;
    const document: FunctionDocument = {
      ...record.document,
      faasId,
      built,
      status: "ERROR",
      reason: [cutReason(reason)],
    };
    const noted = await this.store.note(record, document, complete(job));
    return noted === undefined ? [] : undefined;
  }

  async #ready(job: HeldJob, record: FunctionRecord, stored: StoredRevision): Promise<Ending> {
    const { organization, faasId } = stored.revision;
    if (!this.store.has(record)) {
      this.#ports.pool.retire(faasId);
      return [];
    }
    const ready = { ...record.document, faasId, built: true, serving: faasId, status: "READY", reason: null } as const;
    this.#revisions.keep(stored);
    const before = record.document.serving;
    const remove = before === null ? [] : [Revisions.remove(organization, before)];
    const insert = Revisions.insert(stored, unixSeconds());
    const unit = [insert, ...remove, ...complete(job)];
    const noted = await this.store.note(record, ready, unit).catch((error: unknown) => {
      this.#retire(faasId);
      throw error;
    });
    // The revision before is retired when the change feed tells of this one.
    if (noted !== undefined) return undefined;
    this.#retire(faasId);
    return [];
  }

  /** Another server may have deployed a function, or removed it: what it served before ends here, too. */
  #serveAnew({ organization, name, id }: Change): void {
    const record = this.store.find(organization, name);
    const now = record?.id === id ? record.document.serving : null;
    const before = this.#served.get(id) ?? null;
    if (now === before) return;
    if (now === null) this.#served.delete(id);
    else this.#served.set(id, now);
    if (now !== null && this.#revisions.get(now) === undefined)
      this.#queue.push(`${organization}/${name}`, () => this.#serve(now));
    this.#retire(before);
  }

  /** What another server deployed. */
  async #serve(faasId: string): Promise<void> {
    await this.#revisions.load(new Set([faasId]), (revision) => this.#today(revision));
    const serving = this.#revisions.get(faasId);
    if (serving !== undefined) this.#ports.pool.keepWarm(serving.revision);
  }

  #retire(faasId: string | null): void {
    if (faasId === null) return;
    this.#revisions.forget(faasId);
    this.#ports.pool.retire(faasId);
  }

  protected async documentOf(write: Write<FunctionResource>, before?: FunctionRecord): Promise<FunctionDocument> {
    const { principal, organization, name, body } = write;
    // A person who writes a function can make it return the secrets that it gets.
    if (body.secrets?.length) this.iam.authorize(principal, { resource: "secret", action: "use", organization });
    if (before === undefined) this.store.refuseTaken(organization, name);
    if (!body.source && !body.sourceURL) throw new DispatchError("NO_SOURCE");
    if (body.network === "host" && !this.#ports.allowHostNetwork) {
      const message = "network host is not allowed by this server: start it with --allow-host-network";
      throw new DispatchError("BAD_REQUEST", { message });
    }
    refuseBeyond(this.#ports.ceilings, body);
    const schema = { in: body.schema?.in ?? null, out: body.schema?.out ?? null };
    await this.#ports.schemas.examine("in", schema.in);
    await this.#ports.schemas.examine("out", schema.out);
    return {
      image: body.image,
      handler: body.handler ?? "",
      source: body.source ? await this.#storeSource(body.source) : null,
      schema,
      secrets: splitNames(body.secrets),
      services: body.services ?? null,
      timeout: body.timeout ?? 0,
      tags: body.tags ?? null,
      env: body.env ?? {},
      limits: body.limits ?? {},
      network: body.network ?? null,
      retries: body.retries ?? 0,
      ...(body.retryFunctionErrors === true ? { retryFunctionErrors: true } : {}),
      ...(body.isolation === undefined ? {} : { isolation: body.isolation }),
      ...(body.keepRuns === undefined ? {} : { keepRuns: body.keepRuns }),
      ...(body.minWarm ? { minWarm: body.minWarm } : {}),
      status: before === undefined ? "INITIALIZED" : "UPDATING",
      reason: null,
      faasId: randomUUID(),
      built: false,
      serving: null,
    };
  }

  async #storeSource(base64: string): Promise<string> {
    try {
      return await this.#ports.blobs.put(await this.#sources.read(base64));
    } catch (error) {
      if (error instanceof Base64Error)
        throw new DispatchError("MALFORMED_BODY", { body: "body", cause: error.message });
      if (error instanceof SourceError) throw new DispatchError("BAD_REQUEST", { message: `source: ${error.message}` });
      throw error;
    }
  }

  /** The revision that serves goes on until the new one has been loaded. */
  protected override kept(document: FunctionDocument, before: FunctionRecord): FunctionDocument {
    const { faasId, built, serving } = before.document;
    return { ...document, faasId, built, serving };
  }

  protected override remainders({ organization, id, name }: FunctionRecord): readonly Statement[] {
    return [dropRevisionsOf({ organization, id }), this.#ports.forgotten.promise({ organization, name, id })];
  }

  /** Its runs go with it; calls that are running end first. */
  protected override async removed(record: FunctionRecord): Promise<void> {
    const { organization, id, name } = record;
    this.#ports.forgotten.begin({ organization, name, id });
  }

  protected toWire(record: FunctionRecord): FunctionResource {
    return functionToWire(record);
  }
}

function isPending({ document }: FunctionRecord): boolean {
  return document.status === "INITIALIZED" || document.status === "UPDATING";
}

/** `--secret a,b` arrives as one name with a comma (server.md 7). */
export function splitNames(names: readonly string[] | undefined): string[] | null {
  if (names === undefined || names.length === 0) return null;
  return names
    .flatMap((name) => name.split(","))
    .map((name) => name.trim())
    .filter((name) => name !== "");
}
