/** Function `gcp`: creates, lists, shows, starts, stops and deletes virtual machines through Google's Compute Engine. */
import { cloudFunction } from "../shared/cloud-function.ts";
import { openCompute } from "./account.ts";
import { explain } from "./explain.ts";
import { gcpMachines } from "./machines.ts";
import { readSettings } from "./settings.ts";

/** With the secret `gcp`; input and output as shared/cloud-function.ts says. */
export default cloudFunction({
  name: "gcp",
  connect: (secrets) => {
    const settings = readSettings(secrets, process.env);
    return { cloud: gcpMachines(openCompute(settings), settings), place: [settings.project, settings.zone] };
  },
  explain,
});
