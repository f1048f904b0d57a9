import type { Context } from "../../frame/context.ts";
import { checkAudit, checkLanguages, checkSandbox } from "./check-functions.ts";
import { checkConfiguration, checkDataFolder } from "./check-machine.ts";
import { checkEndpoints, checkGateway, checkServer } from "./check-server.ts";
import type { Finding } from "./finding.ts";

/** Everything that `doctor` looks at; what only a server can tell is left out when none answers. */
export async function checkAll(context: Context): Promise<Finding[]> {
  const { findings, health } = await checkServer(context);
  const there = health
    ? [
        ...checkSandbox(health),
        ...checkAudit(health),
        ...(await checkLanguages(context)),
        await checkGateway(context),
        ...(await checkEndpoints(context)),
      ]
    : [];
  return [checkConfiguration(context), ...findings, ...there, ...checkDataFolder(context)];
}
