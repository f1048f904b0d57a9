/** Faults of vSphere in words: what is wrong, and what to do about it. */
import { ConnectionError, SoapFault } from "../../../../packages/vsphere/soap.ts";

const SENTENCES: Readonly<Record<string, string>> = {
  InvalidLogin: "the vCenter does not accept the user: check `username` and `password` of the secret `vsphere`",
  NoPermission:
    "the user of the secret `vsphere` may not do this: see README.md of Cloudmaster for the rights that it needs",
  InsufficientResourcesFault:
    "the resource pool has not enough room for another machine: delete machines or enlarge it",
  InsufficientMemoryResourcesFault: "the resource pool has not enough memory left: delete machines or enlarge it",
  InsufficientCpuResourcesFault: "the resource pool has not enough processor time left: delete machines or enlarge it",
  NoDiskSpace: "the datastore is full: delete machines, or name another one in `datastore` of the secret `vsphere`",
  FileAlreadyExists: "the datastore has files of this name already: choose another name for the machine",
  NotEnoughLicenses: "the vCenter has no licence left for another machine",
  InvalidState: "the vCenter cannot do this at the moment: the machine or its host is in another state",
  TaskInProgress: "the vCenter is busy with this machine: try again in a moment",
};

/** An error that people in a channel understand; what nobody knows yet keeps vSphere's own words. */
export function explain(error: Error): Error {
  if (error instanceof SoapFault) {
    const known = Object.hasOwn(SENTENCES, error.fault) ? SENTENCES[error.fault] : undefined;
    const sentence = known ?? `vSphere: ${error.message}`;
    return new Error(`${sentence} (${error.fault})`);
  }
  if (error instanceof ConnectionError && error.message.includes("is not to be believed"))
    return new Error(
      `${error.message}: put the authority's certificate into \`certificate\` of the secret \`vsphere\`, or the ` +
        "certificate's SHA-256 into `thumbprint`",
    );
  return error;
}
