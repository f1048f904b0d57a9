/** Alerts: who gets a message about what. What they watch is in watches.ts, when they send a message is in watcher.ts. */
import type { Action } from "../shared/contract.ts";
import { DispatchError } from "../shared/errors.ts";
import type { Person, Principal } from "../shared/principal.ts";
import { type WireStatus, wireStrings, wireTags } from "../shared/wire.ts";
import { type ResourcePorts, ResourceService, RUNS_FUNCTIONS, type Write } from "../store/resource-service.ts";
import type { ResourceRecord } from "../store/resource-store.ts";
import type { Alert } from "./contract.ts";

interface AlertDocument {
  readonly when: Alert["when"];
  readonly of?: string;
  readonly function: string;
  readonly digest?: string;
  readonly tags: Alert["tags"] | null;
  readonly status: WireStatus;
  readonly reason: readonly string[] | null;
}

export type AlertRecord = ResourceRecord<AlertDocument>;

export interface AlertsPorts extends ResourcePorts {
  /** Begins to watch for an alert. */
  readonly watch: (record: AlertRecord) => void;
}

const MOST = 100;
/** What must be readable for whoever is told of it. */
const resources = {
  ...{ "run-failed": "runs", "driver-down": "event" },
  ...{ "dead-letters": "deadletter", "schedule-missed": "event" },
} as const;

export class Alerts extends ResourceService<Alert, AlertDocument> {
  readonly #watch: AlertsPorts["watch"];

  constructor(ports: AlertsPorts) {
    super({ kind: "Alert", word: "alert", resource: "alert", actsForAuthor: RUNS_FUNCTIONS }, ports);
    this.#watch = ports.watch;
  }

  all(): readonly AlertRecord[] {
    return this.store.all();
  }

  byId(organization: string, id: string): AlertRecord | undefined {
    return this.store.list(organization).find((record) => record.id === id);
  }

  /** An alert tells no more than its author may read. @throws FORBIDDEN */
  authorizeLook(principal: Principal, organization: string, when: Alert["when"]): void {
    this.iam.authorize(principal, { resource: resources[when], action: "get", organization });
  }

  /** Notes whether its messages can be sent; `problem` is why not. */
  async note(record: AlertRecord, problem: string | undefined): Promise<void> {
    const now = this.byId(record.organization, record.id);
    const [status, reason] = problem === undefined ? (["READY", null] as const) : (["ERROR", [problem]] as const);
    if (now === undefined || (now.document.status === status && String(now.document.reason) === String(reason))) return;
    await this.store.note(now, { ...now.document, status, reason });
  }

  /** The function need not exist yet. */
  protected documentOf({ principal, organization, body }: Write<Alert>, before?: AlertRecord): AlertDocument {
    const { when, of = "", digest = "" } = body;
    if (of !== "" && when === "dead-letters")
      throw refusal("`of` names a function or an event driver: dead letters are watched as a whole");
    if (before === undefined && this.store.list(organization).length >= MOST)
      throw refusal(`an organization has ${MOST} alerts at most: let one tell of several things`);
    this.authorizeLook(principal, organization, when);
    this.iam.authorize(principal, { resource: "runs", action: "create", organization });
    return {
      when,
      ...(of === "" ? {} : { of }),
      function: body.function,
      ...(digest === "" ? {} : { digest }),
      tags: body.tags ?? null,
      status: "READY",
      reason: null,
    };
  }

  protected override written(record: AlertRecord): void {
    this.#watch(record);
  }

  protected toWire({ id, name, created, modified, document }: AlertRecord, _action: Action): Alert {
    const { when, of, digest, status, reason } = document;
    return {
      createdTime: created,
      ...(digest === undefined ? {} : { digest }),
      function: document.function,
      id,
      kind: "Alert",
      modifiedTime: modified,
      name,
      ...(of === undefined ? {} : { of }),
      reason: wireStrings(reason),
      status,
      tags: wireTags(document.tags),
      when,
    };
  }
}

/** For whom an alert acts. */
export function principalOfAlert({
  organization,
  name,
  author,
}: AlertRecord): Principal & { readonly people: readonly Person[] } {
  return { kind: "alert", id: name, organization, via: "internal", people: [author] };
}

function refusal(message: string): DispatchError {
  return new DispatchError("BAD_REQUEST", { message });
}
