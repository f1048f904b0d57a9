/** Event driver types: what a driver can be made of (server.md 6.3). Drivers that were made of one keep what they copied. */

import { wireTags } from "../shared/wire.ts";
import { type ResourcePorts, ResourceService, type Write } from "../store/resource-service.ts";
import type { ResourceRecord } from "../store/resource-store.ts";
import type { DriverType } from "./contract.ts";
import { configOf, type DriverConfig, wireConfig } from "./driver-config.ts";

interface DriverTypeDocument {
  readonly image: string;
  readonly expose: boolean;
  readonly config: DriverConfig;
  readonly tags: DriverType["tags"] | null;
}

export class DriverTypes extends ResourceService<DriverType, DriverTypeDocument> {
  constructor(ports: ResourcePorts) {
    super({ kind: "DriverType", word: "event driver type", resource: "event", deleted: null }, ports);
  }

  protected documentOf({ body }: Write<DriverType>): DriverTypeDocument {
    return {
      image: body.image,
      expose: body.expose === true,
      config: configOf(body.config),
      tags: body.tags ?? null,
    };
  }

  protected toWire({ name, created, modified, document }: ResourceRecord<DriverTypeDocument>): DriverType {
    return {
      config: wireConfig(document.config),
      "created-time": created,
      image: document.image,
      expose: document.expose,
      kind: "DriverType",
      "modified-time": modified,
      name,
      tags: wireTags(document.tags),
    };
  }
}
