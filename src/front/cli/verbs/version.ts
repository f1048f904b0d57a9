import { version as own } from "../../../version.ts";
import type { Context } from "../frame/context.ts";
import { text } from "../kinds/kind.ts";
import { jsonText, yamlText } from "../output/encode.ts";
import { isObject, type JsonObject } from "../output/shape.ts";

const serverVersion = { method: "GET", path: "/v1/version" } as const;

/** `version`: this program's first, so that it stands there even when no server answers. */
export async function version(context: Context): Promise<number> {
  const client = { version: `v${own}`, platform: `${process.platform}/${process.arch}` };
  if (context.format !== "json" && context.format !== "yaml") {
    context.io.stdout(`Client: ${client.version}\n`);
    context.io.stdout(`Server: ${text(await fetchVersion(context), "version")}\n`);
    return 0;
  }
  const both = { client, server: await fetchVersion(context) };
  context.io.stdout(context.format === "yaml" ? await yamlText(both) : jsonText(both, 2));
  return 0;
}

async function fetchVersion(context: Context): Promise<JsonObject> {
  const answer = await context.client.call(serverVersion);
  return isObject(answer) ? answer : {};
}
