import type { Generated } from "kysely";

/** The tables as Kysely sees them; made by the migrations in adapters/db/migrations. Every key begins with the organization. */

/** Named resources of every kind: functions, images, endpoints ... One JSON document each, without large sources. */
export interface ResourceTable {
  organization: string;
  kind: string;
  name: string;
  id: string;
  /** Grows by one with each write; writers that hold an older one lose. */
  generation: number;
  /** Microseconds since 1970, never twice the same. */
  born: number;
  /** Unix seconds. */
  created: number;
  modified: number;
  /** `kind:id` of who wrote it; null is the administrator. */
  author: string | null;
  /** `kind:id` of who made it; null is the administrator. */
  owner: string | null;
  /** Null is none. */
  description: string | null;
  document: string;
}

/** Immutable function revisions. */
export interface RevisionTable {
  organization: string;
  faas_id: string;
  function_id: string;
  created: number;
  document: string;
}

/** The record of every run. JSON columns hold the exact texts that travelled. */
export interface RunTable {
  organization: string;
  id: string;
  function_name: string;
  function_id: string;
  faas_id: string;
  status: string;
  blocking: number;
  /** Unix nanoseconds. */
  executed: bigint;
  finished: bigint | null;
  input: string | null;
  output: string | null;
  error: string | null;
  stdout: string | null;
  stderr: string | null;
  reason: string | null;
  secrets: string | null;
  tags: string | null;
  http_context: string | null;
  event: string | null;
  attempt: number;
  parent: string | null;
  depth: number;
  principal: string;
  /** For whom the principal asked, where it is no person itself; null is the administrator. */
  people: string | null;
  idempotency_key: string | null;
  /** The server that has it, of a run that somebody waits for and that has not ended; else null. */
  owner: string | null;
  /** Unix milliseconds before which it does not begin; null for at once. */
  start_at: number | null;
  /** What the function said that it is about; one line. */
  title: string | null;
  /** Where its time went, see core/runs/run-times.ts. */
  times: string | null;
}

/** What must be done, see core/work. */
export interface WorkTable {
  sequence: number;
  organization: string;
  kind: string;
  id: string;
  /** Of those with the same key only the oldest is due. */
  order_key: string | null;
  /** 1 while an older one with the same key is there. */
  behind: number;
  /** When it may be taken: Unix milliseconds, 0 for at once; while somebody has it, the end of the lease. */
  due: number;
  /** How often it was taken. */
  attempts: number;
  /** 0 for any number. */
  max_attempts: number;
  payload: string;
  /** Who has it, "" for nobody. */
  owner: string;
  /** Grows by one whenever it is taken. */
  fence: number;
  /** Why the last attempt failed. */
  error: string | null;
  /** When it was promised: Unix milliseconds. */
  born: number;
}

/** Work that could not be done. */
export interface DeadLetterTable {
  organization: string;
  id: string;
  kind: string;
  work_id: string;
  order_key: string | null;
  attempts: number;
  max_attempts: number;
  payload: string;
  error: string;
  /** Unix milliseconds. */
  died: number;
}

/** Events that were received, see core/events/received.ts. */
export interface ReceivedEventTable {
  organization: string;
  type: string;
  source: string;
  id: string;
  /** Unix seconds. */
  received: number;
  /** 1 when it was for a subscription. */
  delivered: number;
}

/** What was emitted, see core/events/event-log.ts. */
export interface EventTable {
  sequence: number;
  organization: string;
  /** Unix milliseconds. */
  received: number;
  type: string;
  /** JSON text of the event without its data. */
  event: string;
  /** JSON text. */
  data: string | null;
  /** The name of the driver that pushed it. */
  driver: string | null;
}

/** What became of a delivery, see core/events/delivery-log.ts. */
export interface DeliveryTable {
  organization: string;
  id: string;
  subscription: string;
  subscription_id: string;
  type: string;
  source: string;
  event_id: string;
  status: string;
  attempts: number;
  /** The run that was started last. */
  run: string | null;
  /** Why it waits. */
  error: string | null;
  /** Unix milliseconds. */
  promised: number;
  ended: number | null;
}

/** How many events a subscription got by each server, see core/events/delivery-counts.ts. */
export interface DeliveryCountTable {
  organization: string;
  subscription_id: string;
  server: string;
  delivered: number;
}

/** What applications keep, see core/state. */
export interface StateTable {
  organization: string;
  application: string;
  key: string;
  /** JSON text. */
  value: string;
  version: number;
  /** Unix seconds. */
  modified: number;
}

/** Answers under an Idempotency-Key, for 24 hours (decisions 18c). */
export interface IdempotencyTable {
  organization: string;
  function_id: string;
  /** SHA-256 over caller, endpoint and key. */
  key: string;
  run_id: string;
  /** SHA-256 of what was sent; null is not compared. */
  digest: string | null;
  /** Unix seconds. */
  created: number;
}

/** Who did what, each entry chained to the one before by its hash. */
export interface AuditTable {
  organization: string;
  sequence: number;
  /** Unix milliseconds. */
  time: number;
  principal: string;
  via: string;
  action: string;
  kind: string;
  name: string;
  /** Who is accountable, `kind:id` separated by spaces; null in rows of older versions. */
  people: string | null;
  /** From which the key of the row is made; null in rows of older versions, which have none. */
  nonce: string | null;
  hash: string;
}

/** The change feed. */
export interface ChangeTable {
  organization: string;
  sequence: number;
  kind: string;
  /** Null where the id alone says what changed, and in changes of older versions. */
  name: string | null;
  id: string;
  generation: number;
}

/** Signatures of requests that were received, for as long as they would be good a second time. */
export interface SeenSignatureTable {
  organization: string;
  signature: string;
  /** Unix seconds. */
  seen: number;
}

/** Small facts of the installation, such as the hash of the administrator's token. */
export interface SettingTable {
  organization: string;
  key: string;
  value: string;
}

/** What counts its own rows. */
type Counted<Table extends { sequence: number }> = Omit<Table, "sequence"> & { sequence: Generated<number> };

export interface DatabaseSchema {
  resources: ResourceTable;
  revisions: RevisionTable;
  runs: RunTable;
  work: Counted<WorkTable>;
  dead_letters: DeadLetterTable;
  state: StateTable;
  received_events: ReceivedEventTable;
  events: Counted<EventTable>;
  deliveries: DeliveryTable;
  delivery_counts: DeliveryCountTable;
  idempotency: IdempotencyTable;
  audit: Counted<AuditTable>;
  changes: Counted<ChangeTable>;
  seen_signatures: SeenSignatureTable;
  settings: SettingTable;
}
