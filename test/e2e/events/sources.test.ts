/** Drivers that listen to real servers: what is sent to those becomes a run, also after a server has died. */
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePorts } from "../../../apps/cloudmaster/simulator/listener.ts";
import { installMoto, type Moto, startMoto } from "../../../apps/cloudmaster/test/moto.ts";
import { connectAws } from "../../../src/event-drivers/aws/client.ts";
import { NATS_USER, NatsServer, NO_NATS, natsProgram } from "../../support/nats.ts";
import { addressIn, NO_POSTGRES, PostgresServer, postgresPrograms, runSql } from "../../support/postgres.ts";
import { runCommand } from "../support/command-line.ts";
import { type Dispatch, parse, serverWith } from "../support/dispatch.ts";
import type { ServerProcess } from "../support/server.ts";
import { until as untilWithin } from "../support/until.ts";

const programOfNats = natsProgram();
const programsOfPostgres = postgresPrograms();
const skipped = (program: string | undefined, why: string): string =>
  program === undefined ? ` (SKIPPED: ${why})` : "";
const moto = await installMoto();
const NO_MOTO = "missing" in moto ? moto.missing : "moto is there";
const PASSWORD = "p0stgres-p4ssword";

/** A message that a driver had when it was ended comes again after 10 s, and a driver that ended is started after a pause. */
const until = <T>(what: string, ask: () => Promise<T | undefined>): Promise<T> => untilWithin(what, ask, 90_000);

let server: ServerProcess;
let dispatch: Dispatch;
let aws: Moto;
let nats: NatsServer;
let postgres: PostgresServer;
let postgresPort: number;

beforeAll(async () => {
  [postgresPort = 0] = await freePorts(1);
  if ("program" in moto) aws = await startMoto(moto.program);
  if (programOfNats !== undefined) nats = await NatsServer.create(programOfNats);
  if (programsOfPostgres !== undefined) {
    postgres = new PostgresServer(programsOfPostgres, postgresPort);
    await postgres.start();
    await runSql(inDatabase("postgres"), [`create user teller password '${PASSWORD}'`, "create database shop"]);
  }
  const ports = [nats?.port, postgres && postgresPort, aws && Number(new URL(aws.url).port)].filter(
    (port) => port !== undefined,
  );
  const flags = ports.flatMap((port) => ["--allow-host-service", `127.0.0.1:${port}`]);
  ({ server, dispatch } = await serverWith([], { flags }));
  // Only what somebody gets is known again when it comes twice.
  await dispatch.post("/v1/event/subscriptions", { name: "all", eventType: ">", function: "not-there-yet" });
});

afterAll(async () => {
  await server?.dispose();
  await Promise.all([nats?.dispose(), postgres?.dispose(), aws?.stop()]);
});

const inDatabase = (database: string): string => `${addressIn(postgres.folder, database)}&port=${postgresPort}`;

interface DriverFields {
  readonly config: Readonly<Record<string, string>>;
  readonly secret: Readonly<Record<string, string>>;
}

/** A driver of a built-in type, with a secret of its own. */
async function createDriver(name: string, type: string, { config, secret }: DriverFields): Promise<void> {
  await dispatch.post("/v1/event/drivertypes", { name: type, image: type });
  await dispatch.post("/v1/secret", { name, secrets: secret });
  const pairs = Object.entries(config).map(([key, value]) => ({ key, value }));
  await dispatch.post("/v1/event/drivers", { name, type, secrets: [name], config: pairs });
}

async function correctSecret(name: string, type: string, { config, secret }: DriverFields): Promise<void> {
  await dispatch.put(`/v1/secret/${name}`, { name, secrets: secret });
  const pairs = Object.entries(config).map(([key, value]) => ({ key, value }));
  await dispatch.put(`/v1/event/drivers/${name}`, { name, type, secrets: [name], config: pairs });
}

const driver = async (name: string) =>
  parse<{ status: string; reason: string[] | null }>(await dispatch.get(`/v1/event/drivers/${name}`));

const is = (name: string, status: string) =>
  until(`the driver ${name} is ${status}`, async () => {
    const now = await driver(name);
    return now.status === status ? now : undefined;
  });

const linesOf = async (name: string): Promise<string> => {
  const environment = { DISPATCH_PORT: new URL(server.api).port };
  const { stdout, stderr } = await runCommand(["logs", "driver", name], { cwd: server.dataDir, environment });
  return stdout + stderr;
};

interface Kept {
  readonly type: string;
  readonly source: string;
  readonly subject?: string;
  readonly data?: unknown;
}

/** The events of a source, oldest first. */
const eventsOf = async (source: string): Promise<Kept[]> =>
  parse<{ event: Kept }[]>(await dispatch.get("/v1/event/events?limit=200"))
    .map(({ event }) => event)
    .filter((event) => event.source === source)
    .toReversed();

const dataOf = async (source: string): Promise<unknown[]> => (await eventsOf(source)).map(({ data }) => data);

const connectNats = (): Promise<NatsConnection> =>
  connect({ servers: `127.0.0.1:${nats.port}`, user: NATS_USER.username, pass: NATS_USER.password });

test.skipIf(programOfNats === undefined)(
  `what a stream of NATS gets while the driver or the NATS server is away comes once, and in order${skipped(programOfNats, NO_NATS)}`,
  async () => {
    let client = await connectNats();
    await (await jetstreamManager(client)).streams.add({ name: "ORDERS", subjects: ["orders.>"] });
    const config = {
      stream: "ORDERS",
      subject: "orders.>",
      source: "stream",
      servers: `nats://127.0.0.1:${nats.port}`,
    };
    await createDriver("orders", "nats", { config, secret: { ...NATS_USER, password: "wrong" } });
    const wrong = await is("orders", "ERROR");
    expect(wrong.reason?.[0]).toBe(
      "the driver ended (exit code 1): the NATS server refuses this user: check username and password, token, creds or nkey of the secret",
    );
    await correctSecret("orders", "nats", { config, secret: NATS_USER });
    await is("orders", "READY");
    const publish = async (from: number, to: number): Promise<void> => {
      for (let number = from; number < to; number += 1)
        await jetstream(client).publish("orders.new", JSON.stringify({ number }));
    };
    await publish(0, 20);
    await until("the first have come", async () => ((await dataOf("stream")).length >= 20 ? true : undefined));

    await client.close();
    await nats.kill();
    await nats.start();
    client = await connectNats();
    await publish(20, 40);
    await until("they come again", async () => ((await dataOf("stream")).length >= 40 ? true : undefined));

    await dispatch.delete("/v1/event/drivers/orders");
    await publish(40, 60);
    await dispatch.post("/v1/event/drivers", {
      ...{ name: "orders", type: "nats", secrets: ["orders"] },
      config: Object.entries(config).map(([key, value]) => ({ key, value })),
    });
    await until("what came meanwhile comes", async () => ((await dataOf("stream")).length >= 60 ? true : undefined));
    expect(await dataOf("stream")).toEqual(Array.from({ length: 60 }, (_, number) => ({ number })));
    expect((await eventsOf("stream"))[0]).toMatchObject({ type: "orders.new", subject: "orders.new" });
    expect(await linesOf("orders")).not.toContain(NATS_USER.password);
    await client.close();
  },
);

test.skipIf(programOfNats === undefined)(
  `subjects of NATS become events of their names, also after its server was killed${skipped(programOfNats, NO_NATS)}`,
  async () => {
    const config = { subject: "shop.*", source: "subjects", servers: `nats://127.0.0.1:${nats.port}` };
    await createDriver("shop", "nats", { config, secret: NATS_USER });
    await is("shop", "READY");
    const send = async (subject: string, data: string | Uint8Array): Promise<void> => {
      const client = await connectNats();
      client.publish(subject, data);
      await client.drain();
    };
    await send("shop.text", "words");
    await send("shop.bytes", Uint8Array.of(0xff, 0x00));
    await until("both have come", async () => ((await dataOf("subjects")).length >= 2 ? true : undefined));
    expect(await eventsOf("subjects")).toMatchObject([
      { type: "shop.text", data: "words" },
      { type: "shop.bytes", data: "/wA=" },
    ]);
    await nats.kill();
    await nats.start();
    await until("it listens again", async () => {
      await send("shop.again", "{}");
      return (await eventsOf("subjects")).some(({ type }) => type === "shop.again") ? true : undefined;
    });
  },
);

test.skipIf(programsOfPostgres === undefined)(
  `NOTIFY becomes an event, and a time in which nobody could listen is told${skipped(programsOfPostgres, NO_POSTGRES)}`,
  async () => {
    const config = { channel: "orders,Other Things", source: "shop" };
    const secret = (password: string) => ({ url: `postgres://teller:${password}@127.0.0.1:${postgresPort}/shop` });
    await createDriver("table", "postgres", { config, secret: secret("wr0ng-p4ssword") });
    const wrong = await is("table", "ERROR");
    expect(wrong.reason?.[0]).toBe(
      'the driver ended (exit code 1): PostgreSQL refuses this user: password authentication failed for user "teller"',
    );
    await correctSecret("table", "postgres", { config, secret: secret(PASSWORD) });
    await is("table", "READY");
    const notify = (channel: string, text: string) =>
      runSql(inDatabase("shop"), [`select pg_notify('${channel}', '${text}')`]);
    await notify("orders", '{"number": 1}');
    await notify("Other Things", "words");
    await until("both have come", async () => ((await dataOf("shop")).length >= 2 ? true : undefined));
    expect(await eventsOf("shop")).toMatchObject([
      { type: "orders", subject: "orders", data: { number: 1 } },
      { type: "Other_Things", subject: "Other Things", data: "words" },
    ]);

    await postgres.stop("SIGKILL");
    await postgres.start();
    const missed = await until("the gap is told", async () =>
      (await eventsOf("shop")).find(({ type }) => type === "postgres.missed"),
    );
    expect(missed.data).toMatchObject({ channels: ["orders", "Other Things"] });
    await notify("orders", '{"number": 2}');
    await until("it listens again", async () =>
      (await dataOf("shop")).some((data) => JSON.stringify(data) === '{"number":2}') ? true : undefined,
    );
    expect(await linesOf("table")).not.toMatch(/p4ssword/);
  },
);

test.skipIf("missing" in moto)(
  `what EventBridge sends becomes an event, its message is deleted then, and wrong keys are told (${NO_MOTO})`,
  async () => {
    const keys = { accessKeyId: "any", secretAccessKey: "any", sessionToken: "" };
    const call = connectAws({ region: "us-west-2", ...keys, endpoint: aws.url });
    const config = {
      ...{ "event-patterns": '[{"source": ["shop.orders"]}]', source: "bridge", duration: "1", endpoint: aws.url },
    };
    const secret = { aws_access_key_id: "any", aws_secret_access_key: "s3cret-of-aws" };
    await createDriver("bridge", "aws", { config, secret });
    await is("bridge", "READY");
    const put = (number: number) =>
      call("events", "PutEvents", {
        Entries: [{ Source: "shop.orders", DetailType: "made", Detail: JSON.stringify({ number }) }],
      });
    await put(1);
    await until("the event has come", async () => ((await dataOf("bridge")).length >= 1 ? true : undefined));

    await dispatch.delete("/v1/event/drivers/bridge");
    await put(2);
    await createDriver("bridge", "aws", { config, secret });
    await until("what came meanwhile comes", async () => ((await dataOf("bridge")).length >= 2 ? true : undefined));
    expect(await eventsOf("bridge")).toMatchObject([
      { type: "shop.orders", data: { "detail-type": "made", detail: { number: 1 } } },
      { type: "shop.orders", data: { "detail-type": "made", detail: { number: 2 } } },
    ]);
    const [queueUrl] = (await call("sqs", "ListQueues", { QueueNamePrefix: "dispatch-" })).QueueUrls as string[];
    const counts = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"];
    await until("both messages are deleted", async () => {
      const { Attributes } = await call("sqs", "GetQueueAttributes", { QueueUrl: queueUrl, AttributeNames: counts });
      return Object.values(Attributes as Record<string, string>).every((count) => Number(count) === 0)
        ? true
        : undefined;
    });
    expect(await linesOf("bridge")).not.toContain(secret.aws_secret_access_key);

    const rules = async () =>
      ((await call("events", "ListRules", { NamePrefix: "dispatch-rule-" })).Rules as object[]).length;
    const passing = { ...config, "event-patterns": '[{"source": ["shop.returns"]}]', "clean-up": "true" };
    await createDriver("passing", "aws", { config: passing, secret });
    await is("passing", "READY");
    expect(await rules()).toBe(2);
    await dispatch.delete("/v1/event/drivers/passing");
    await until("its rule is removed", async () => ((await rules()) === 1 ? true : undefined));

    await fetch(`${aws.url}/moto-api/reset-auth`, { method: "POST", body: "0" });
    await correctSecret("bridge", "aws", { config, secret: { ...secret, aws_access_key_id: "AKIAUNKNOWN" } });
    const wrong = await is("bridge", "ERROR");
    expect(wrong.reason?.[0]).toMatch(
      /^the driver ended \(exit code 1\): AWS does not accept the keys of the secret \(aws_access_key_id, aws_secret_access_key\): /,
    );
  },
);
