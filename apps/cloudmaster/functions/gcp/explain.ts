/** Google's error reasons in words: what is wrong, and what to do about it. */
import { RestError, textAt } from "../shared/rest.ts";
import { reasonOf } from "./machines.ts";

/** Reasons of requests (`forbidden` ...) and codes of operations (`QUOTA_EXCEEDED` ...). */
const SENTENCES: Readonly<Record<string, string>> = {
  authError: "Google Cloud does not accept the service account's key: put a new key file into the secret `gcp`",
  required: "Google Cloud does not accept the service account's key: put a new key file into the secret `gcp`",
  forbidden:
    "the service account of the secret `gcp` may not do this: give it the role Compute Instance Admin (v1) on the project",
  accessNotConfigured: "the project does not use Compute Engine yet: enable the API compute.googleapis.com in it",
  quotaExceeded: "the project uses as much as it may: delete machines or ask Google for a larger quota",
  QUOTA_EXCEEDED: "the project uses as much as it may: delete machines or ask Google for a larger quota",
  ZONE_RESOURCE_POOL_EXHAUSTED: "Google has no machine of this type free in the zone: try later, or another `zone`",
  ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS:
    "Google has no machine of this type free in the zone: try later, or another `zone`",
  rateLimitExceeded: "Google Cloud is being asked too much at the moment: try again in a minute",
  resourceInUseByAnotherResource: "another resource uses this name: choose another name for the machine",
};

/** An error that people in a channel understand; what nobody knows yet keeps Google's own words. */
export function explain(error: Error): Error {
  if (!(error instanceof RestError)) return error;
  const reason = reasonOf(error);
  const sentence = reason !== undefined && Object.hasOwn(SENTENCES, reason) ? SENTENCES[reason] : missing(error);
  return new Error(sentence === undefined ? error.message : `${sentence} (${reason ?? error.status})`);
}

/** `The resource 'projects/p/zones/z' was not found`: a key of the secret names something that is not there. */
function missing(error: RestError): string | undefined {
  if (error.status !== 404) return undefined;
  const resource = /'([^']+)'/.exec(textAt(error.body, "error", "message") ?? "")?.[1] ?? "";
  const key = /\/(zones|networks|subnetworks|machineTypes|images)\/[^/]+$/.exec(resource)?.[1];
  switch (key) {
    case "zones":
      return "Google Cloud has no such zone: correct `zone` of the secret `gcp`";
    case "networks":
      return "Google Cloud has no such network: correct `network` of the secret `gcp`";
    case "subnetworks":
      return "Google Cloud has no such subnetwork: correct `subnetwork` of the secret `gcp`";
    case "machineTypes":
      return "Google Cloud has no such machine type in the zone: correct `machine_type` of the secret `gcp`";
    case "images":
      return "Google Cloud has no such image: correct `image` of the secret `gcp`";
    default:
      return /^projects\/[^/]+$/.test(resource)
        ? "Google Cloud has no such project: use the service account's file as it was downloaded for the secret `gcp`"
        : undefined;
  }
}
