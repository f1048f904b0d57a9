/** Function `aws`: creates, lists, shows, starts, stops and deletes virtual machines through EC2's Query API. */
import { cloudFunction } from "../shared/cloud-function.ts";
import { openEc2 } from "./ec2.ts";
import { explain } from "./explain.ts";
import { awsMachines } from "./machines.ts";
import { readSettings } from "./settings.ts";

/** With the secret `aws`; input and output as shared/cloud-function.ts says. */
export default cloudFunction({
  name: "aws",
  connect: (secrets) => {
    const settings = readSettings(secrets, process.env);
    return { cloud: awsMachines(openEc2(settings), settings), place: [settings.region, settings.accessKeyId] };
  },
  explain,
});
