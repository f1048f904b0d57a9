/** From a function's specification to a revision that serves: READY only when a worker has really loaded the handler. */
import { randomUUID } from "node:crypto";
import type { Images } from "../images/images.ts";
import type { Pool } from "../pool/pool.ts";
import type { Revision } from "../pool/revision.ts";
import { isError } from "../shared/errors.ts";
import { messageOf } from "../shared/message-of.ts";
import {
  type Blobs,
  BuildError,
  type BuiltImage,
  type Language,
  LoadError,
  type NetworkKind,
} from "../shared/ports.ts";
import { SourceError } from "../shared/source-file.ts";
import { NotNowError } from "../work/worker.ts";
import type { Artefacts } from "./artefacts.ts";
import { decodeBundle } from "./bundle.ts";
import { type Ceilings, timeoutWithin, withinCeilings } from "./ceilings.ts";
import { type FunctionRecord, limitsOf } from "./document.ts";
import { resolveHandler } from "./handler.ts";
import type { StoredRevision } from "./revisions.ts";

export interface DeploymentPorts {
  readonly ceilings: Ceilings;
  readonly images: Images;
  readonly blobs: Blobs;
  readonly artefacts: Artefacts;
  readonly pool: Pool;
  readonly defaultNetwork: NetworkKind;
  readonly log: { warn(details: object, message: string): void };
}

/** `waiting` says that the image is still being built, `imageless` that there is none to build on. */
export type Deployment =
  | { readonly kind: "ready"; readonly stored: StoredRevision }
  | FailedDeployment
  | { readonly kind: "waiting" };

export interface FailedDeployment {
  readonly kind: "failed";
  readonly faasId: string;
  readonly reason: string;
  readonly imageless?: true;
}

export function failedDeployment(reason: string, faasId: string = randomUUID()): FailedDeployment {
  return { kind: "failed", faasId, reason };
}

/** Builds a fresh revision and loads it in a worker. What goes wrong becomes the function's reason. */
export async function deploy(ports: DeploymentPorts, record: FunctionRecord): Promise<Deployment> {
  const image = imageOf(ports.images, record);
  if (image === "waiting") return { kind: "waiting" };
  const faasId = randomUUID();
  if (typeof image === "string") return { kind: "failed", faasId, reason: image, imageless: true };
  try {
    if (!(await ports.images.holds(image.built)))
      throw new BuildError(
        `the dependencies of image ${record.document.image} are gone, or their interpreter is of another version now: apply it again`,
      );
    const stored = await storedRevision(ports, record, faasId, image);
    await ports.pool.prepare(stored.revision);
    return { kind: "ready", stored };
  } catch (error) {
    if (error instanceof LoadError || error instanceof SourceError || error instanceof BuildError) {
      return failedDeployment(`Error building image for function '${record.id}': ${error.message}`, faasId);
    }
    // The next start takes it up.
    if (isError(error, "SHUTTING_DOWN")) throw new NotNowError(0, error);
    ports.log.warn({ err: error, function: record.name }, "no worker for a new revision");
    const cause = messageOf(error);
    return failedDeployment(`Driver error when creating a FaaS function: ${cause}`, faasId);
  }
}

interface UsableImage {
  readonly language: Language;
  readonly built: BuiltImage;
}

/** The image to build on, `waiting`, or the sentence that says why there is none (server.md 4.3). */
function imageOf(images: Images, record: FunctionRecord): UsableImage | "waiting" | string {
  const name = record.document.image;
  const image = images.find(record.organization, name);
  if (image === undefined) {
    return `Error when fetching image for function ${record.name}: failed to get image: '${name}': [Code: 404] image ${name} not found`;
  }
  const { status, built, language, reason } = image.document;
  if (status === "ERROR") {
    return `image in error status for function '${record.id}', image name: '${name}', reason: [${reason?.join(", ") ?? ""}]`;
  }
  return status === "READY" && built !== null ? { language: language as Language, built } : "waiting";
}

async function storedRevision(
  ports: DeploymentPorts,
  record: FunctionRecord,
  faasId: string,
  image: UsableImage,
): Promise<StoredRevision> {
  const { document } = record;
  if (document.source === null)
    throw new SourceError("there is no source: a sourceURL cannot be read, send the source itself");
  const files = decodeBundle(await ports.blobs.get(document.source));
  const handler = resolveHandler(image.language, document.handler, files);
  const { organization } = record;
  const spec = { organization, language: image.language, image: image.built, files };
  const { concurrency, ...limits } = withinCeilings(ports.ceilings, limitsOf(document));
  const revision: Revision = {
    organization,
    functionId: record.id,
    functionName: record.name,
    faasId,
    language: image.language,
    image: image.built,
    handler,
    source: await ports.artefacts.of(spec, document.source),
    environment: document.env,
    limits,
    concurrency,
    network: document.network ?? ports.defaultNetwork,
    timeout: timeoutWithin(ports.ceilings, document.timeout),
    ...(document.isolation === undefined ? {} : { isolation: document.isolation }),
    ...(document.minWarm === undefined ? {} : { minWarm: document.minWarm }),
  };
  const { secrets, schema, retries, retryFunctionErrors, tags } = document;
  const application = tags?.find(({ key }) => key === "Application")?.value;
  const named = application === undefined || application === "" ? {} : { application };
  const repeated = retryFunctionErrors ? { retryFunctionErrors } : {};
  return { revision, secrets: secrets ?? [], schema, retries, ...repeated, author: record.author, ...named };
}
