import { accessOperations } from "../../../core/iam/access-contract.ts";
import { version as own } from "../../../version.ts";
import { type Context, command } from "../context/context.ts";
import { jsonText } from "../output/encode.ts";
import { type JsonObject, objectOf, text } from "../output/json.ts";
import { printData } from "../output/print.ts";

/** This program's version first, so that it stands there even when no server answers. */
export const version = command({
  name: "version",
  summary: "Print the versions of this program and of the server",
  examples: ["dispatch version", "dispatch version --json"],
  run: async (context) => {
    const { format, io } = context;
    const client = { version: `v${own}`, platform: `${process.platform}/${process.arch}` };
    if (format === "yaml") return printData(context, { client, server: await fetchVersion(context) });
    if (format === "json") return io.stdout(jsonText({ client, server: await fetchVersion(context) }, 2));
    io.stdout(`Client: ${client.version}\n`);
    io.stdout(`Server: ${text(await fetchVersion(context), "version")}\n`);
  },
});

async function fetchVersion({ client }: Context): Promise<JsonObject> {
  return objectOf(await client.call(accessOperations.getVersion));
}
