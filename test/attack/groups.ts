/** Every attack by its group, in the order in which they are tried. */
import type { Attack } from "./attack.ts";
import { audit } from "./groups/audit.ts";
import { containers } from "./groups/containers.ts";
import { denialByFunctions } from "./groups/denial-functions.ts";
import { denialByRequests } from "./groups/denial-requests.ts";
import { escapes } from "./groups/escapes.ts";
import { forgeries } from "./groups/forgeries.ts";
import { network } from "./groups/network.ts";
import { packages } from "./groups/packages.ts";
import { parsers } from "./groups/parsers.ts";
import { rights } from "./groups/rights.ts";
import { terminal } from "./groups/terminal.ts";

export const groups: Readonly<Record<string, readonly Attack[]>> = {
  escapes,
  network,
  containers,
  packages,
  forgeries,
  rights,
  terminal,
  denial: [...denialByRequests, ...denialByFunctions],
  audit,
  parsers,
};
