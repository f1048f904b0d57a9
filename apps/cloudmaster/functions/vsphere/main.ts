/** Function `vsphere`: creates, lists, shows, starts, stops and deletes virtual machines through a vCenter's SOAP API. */
import { connectVsphere } from "../../../../packages/vsphere/client.ts";
import { cloudFunction } from "../shared/cloud-function.ts";
import { explain } from "./explain.ts";
import { vsphereMachines } from "./machines.ts";
import { readSettings } from "./settings.ts";

/** With the secret `vsphere`; input and output as shared/cloud-function.ts says. */
export default cloudFunction({
  name: "vsphere",
  connect: (secrets) => {
    const settings = readSettings(secrets);
    const { host, certificate, thumbprint } = settings;
    const endpoint = {
      address: host,
      ...(certificate === undefined ? {} : { ca: certificate }),
      ...(thumbprint === undefined ? {} : { thumbprint }),
    };
    const { datacenter, vmFolder } = settings;
    const cloud = vsphereMachines(() => connectVsphere(endpoint, settings), settings);
    return { cloud, place: [host, datacenter, vmFolder] };
  },
  explain,
});
