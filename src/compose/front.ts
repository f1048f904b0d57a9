import { join } from "node:path";
import type { Logger } from "pino";
import { createAcme } from "../adapters/acme/acme.ts";
import { type Front, openFront } from "../front/front.ts";
import type { Settings } from "../settings/definitions.ts";
import { challengeKinds, networkSettings } from "../settings/derived.ts";

import type { Adapters } from "./adapters.ts";
import type { Core } from "./core.ts";

/** @throws Error when an address cannot be had. */
export function openWaysIn(settings: Settings, adapters: Adapters, core: Core, log: Logger): Promise<Front> {
  const { folder, door, runtime, sandbox } = adapters;
  const { services, refusals, administrator, metrics, vitals, room } = core;
  return openFront(settings, folder, door.port, {
    services,
    refusals,
    isAdministrator: administrator.is,
    proof: administrator.prove,
    metrics: metrics.text,
    vitals: () => vitals.latest,
    room,
    runtime,
    ...(networkSettings(settings).allowHost ? { neighbour: sandbox.neighbour } : {}),
    certificateAuthority: createAcme({
      folder: join(folder, "acme"),
      directoryUrl: settings["lets-encrypt-directory"],
      email: settings["lets-encrypt-email"],
      caFile: settings["lets-encrypt-ca"],
      challenges: challengeKinds(settings),
    }),
    log,
  });
}
