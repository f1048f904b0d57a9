/** Function `azure`: creates, lists, shows, starts, stops and deletes virtual machines through Azure Resource Manager. */
import { cloudFunction } from "../shared/cloud-function.ts";
import { openArm } from "./account.ts";
import { explain } from "./explain.ts";
import { azureMachines } from "./machines.ts";
import { readSettings } from "./settings.ts";

/** With the secret `azure`; input and output as shared/cloud-function.ts says. */
export default cloudFunction({
  name: "azure",
  connect: (secrets) => {
    const settings = readSettings(secrets, process.env);
    const { subscription, location, virtualNetwork, resourceGroup = "" } = settings;
    const place = [subscription, location, virtualNetwork, resourceGroup];
    return { cloud: azureMachines(openArm(settings), settings), place };
  },
  explain,
});
