/** Resources without rules of their own: what was sent is kept, and shown as it was sent. */
import type { Action } from "../shared/contract.ts";
import { type Tag, wireTags } from "../shared/wire.ts";
import {
  type Described,
  type ResourcePorts,
  ResourceService,
  type ServedKind,
  type Write,
} from "./resource-service.ts";
import type { ResourceRecord } from "./resource-store.ts";

export interface PlainKind extends ServedKind {
  readonly schema: { readonly properties: Readonly<Record<string, unknown>> };
}

interface PlainDocument {
  readonly tags: readonly Tag[] | null;
  readonly [member: string]: unknown;
}

/** What the server says of a resource, whatever was sent. */
const stamps = new Set(["createdTime", "description", "id", "kind", "modifiedTime", "name", "owner", "status"]);

export class PlainResources<W extends Described> extends ResourceService<W, PlainDocument> {
  readonly #kind: PlainKind;

  constructor(kind: PlainKind, ports: ResourcePorts) {
    super(kind, ports);
    this.#kind = kind;
  }

  protected documentOf({ body }: Write<W>): PlainDocument {
    const own = Object.entries(body).filter(([key]) => key in this.#kind.schema.properties && !stamps.has(key));
    return { tags: null, ...Object.fromEntries(own) };
  }

  protected toWire({ id, name, created, modified, document }: ResourceRecord<PlainDocument>, _action: Action): W {
    const { kind } = this.#kind;
    const facts = { createdTime: created, id, kind, modifiedTime: modified, name, status: "READY" };
    const members = Object.entries({ ...document, ...facts, tags: wireTags(document.tags) });
    return Object.fromEntries(members.sort(([one], [other]) => (one < other ? -1 : 1))) as unknown as W;
  }
}
