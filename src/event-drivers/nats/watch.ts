/** What a NATS server sends, until the connection is lost: of subjects as it comes, of a stream from where this driver has got. */
import {
  AckPolicy,
  type Consumer,
  DeliverPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  type JsMsg,
  jetstream,
  jetstreamManager,
} from "@nats-io/jetstream";
import {
  AuthorizationError,
  connect,
  type Msg,
  type NatsConnection,
  nanos,
  PermissionViolationError,
} from "@nats-io/transport-node";
import { UsageError } from "../shared/flags.ts";
import { causeOf } from "../shared/gateway.ts";
import type { NatsMessage } from "./event.ts";
import type { NatsSettings, StreamSettings } from "./settings.ts";

/** A message that was given to a driver which died is sent again after so long. */
const ACK_MS = 10_000;

export interface WatchOptions {
  readonly settings: NatsSettings;
  ready(): Promise<void>;
  /** Resolves when it is on record: only then the server may forget it. */
  take(message: NatsMessage): Promise<void>;
}

/** @throws what ended it */
export async function watchOnce({ settings, ready, take }: WatchOptions): Promise<never> {
  const connection = await connectTo(settings);
  try {
    if (settings.stream === undefined) await followSubjects(connection, settings, ready, take);
    else await followStream(connection, settings.stream, settings.subjects, ready, take);
    throw (await connection.closed()) ?? new Error("the NATS server has closed the connection");
  } catch (error) {
    throw inWords(error);
  } finally {
    await connection.close();
  }
}

async function connectTo({ connection }: NatsSettings): Promise<NatsConnection> {
  try {
    return await connect(connection);
  } catch (error) {
    const inTheirs = inWords(error);
    if (inTheirs instanceof UsageError) throw inTheirs;
    const cause = causeOf(error);
    throw new Error(
      `the NATS server ${String(connection.servers)} cannot be reached: ${cause}${adviceFor(connection, cause)}`,
    );
  }
}

/** A server that asks for a client certificate often only breaks the connection when there is none. */
function adviceFor({ tls }: NatsSettings["connection"], cause: string): string {
  if (!tls || tls.cert !== undefined || !/ECONNRESET|EPIPE|closed|disconnect/i.test(cause)) return "";
  return " (if it asks for a client certificate, put client_certificate and client_key into the secret)";
}

type Ready = WatchOptions["ready"];
type Take = WatchOptions["take"];

async function followSubjects(
  connection: NatsConnection,
  { subjects, queue }: NatsSettings,
  ready: Ready,
  take: Take,
): Promise<void> {
  const all = subjects.map((subject) => connection.subscribe(subject, queue === "" ? {} : { queue }));
  await connection.flush();
  await ready();
  await Promise.all(
    all.map(async (subscription) => {
      for await (const message of subscription) await take(read(message));
    }),
  );
}

async function followStream(
  connection: NatsConnection,
  settings: StreamSettings,
  subjects: readonly string[],
  ready: Ready,
  take: Take,
): Promise<void> {
  const manager = await jetstreamManager(connection);
  await obtainConsumer(manager, settings, subjects);
  const consumer: Consumer = await jetstream(connection).consumers.get(settings.stream, settings.durable);
  const messages = await consumer.consume({ max_messages: 100, abort_on_missing_resource: true });
  void connection.closed().then(() => messages.stop());
  await ready();
  for await (const message of messages) {
    const working = setInterval(() => message.working(), ACK_MS / 3);
    await take(readKept(message)).finally(() => clearInterval(working));
    message.ack();
  }
}

/**
 * The consumer stays when the driver ends: so it is there for the next start, on this server or another. It has one message
 * under way, so that nothing overtakes one that a dead driver had.
 */
async function obtainConsumer(
  manager: JetStreamManager,
  { stream, durable, deliver }: StreamSettings,
  subjects: readonly string[],
): Promise<void> {
  const [only, ...more] = subjects;
  const filter =
    more.length > 0 ? { filter_subjects: [...subjects] } : only === undefined ? {} : { filter_subject: only };
  try {
    await manager.consumers.info(stream, durable);
    await manager.consumers.update(stream, durable, filter);
  } catch (error) {
    if (!isApiError(error, JetStreamApiCodes.ConsumerNotFound)) throw error;
    const policy = deliver === "all" ? DeliverPolicy.All : DeliverPolicy.New;
    const way = { ack_policy: AckPolicy.Explicit, ack_wait: nanos(ACK_MS), max_ack_pending: 1 };
    const fresh = { durable_name: durable, deliver_policy: policy, ...way };
    await manager.consumers.add(stream, { ...fresh, ...filter });
  }
}

function read({ subject, data, headers }: Msg | JsMsg): NatsMessage {
  return { subject, data, header: (name) => headers?.get(name) ?? headers?.get(name.toLowerCase()) ?? "" };
}

/** A message that is sent again keeps its id, so that it counts once. */
function readKept(message: JsMsg): NatsMessage {
  const { stream, streamSequence } = message.info;
  return {
    ...read(message),
    id: `${stream}-${streamSequence}-${message.timestampNanos}`,
    time: message.time.toISOString(),
  };
}

/** What no waiting makes better becomes a UsageError. */
function inWords(error: unknown): unknown {
  if (error instanceof AuthorizationError)
    return new UsageError(
      "the NATS server refuses this user: check username and password, token, creds or nkey of the secret",
    );
  if (error instanceof PermissionViolationError) return new UsageError(`this user may not do that: ${error.message}`);
  if (isApiError(error, JetStreamApiCodes.StreamNotFound))
    return new UsageError("the NATS server has no stream of this name");
  if (isApiError(error, JetStreamApiCodes.JetStreamNotEnabledForAccount) || nameOf(error) === "JetStreamNotEnabled")
    return new UsageError("the NATS server has no JetStream: leave stream out, or start it with -js");
  return error;
}

function isApiError(error: unknown, code: number): boolean {
  return error instanceof JetStreamApiError && error.code === code;
}

/** Its class is not exported. */
function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : "";
}
