/** The driver `aws` on a queue that somebody else feeds, in moto, on a running server: nothing is lost, and nothing counts twice. */
import { request as ask, createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { installMoto, type Moto, startMoto } from "../../../apps/cloudmaster/test/moto.ts";
import { type AwsCall, connectAws } from "../../../src/event-drivers/aws/client.ts";
import { runCommand } from "../support/command-line.ts";
import { Dispatch, parse } from "../support/dispatch.ts";
import { type ServerProcess, startServer } from "../support/server.ts";
import { until } from "../support/until.ts";

const moto = await installMoto();
const SKIPPED = "missing" in moto ? ` (SKIPPED: ${moto.missing})` : "";
const SECRET = { aws_access_key_id: "any", aws_secret_access_key: "s3cret-of-aws" };

describe.skipIf("missing" in moto)(`a queue of SQS${SKIPPED}`, { timeout: 600_000 }, () => {
  let aws: Moto;
  let way: Server;
  let server: ServerProcess;
  let dispatch: Dispatch;
  let call: AwsCall;
  /** So many deletions does the way to AWS refuse. */
  let refusing = 0;
  const seen: string[] = [];

  /** Between the driver and moto: it passes everything on, or breaks. */
  const pass = (request: IncomingMessage, response: ServerResponse): void => {
    const action = String(request.headers["x-amz-target"]).split(".").at(-1) ?? "";
    seen.push(action);
    if (action === "DeleteMessage" && refusing > 0) {
      refusing -= 1;
      request.resume();
      response.writeHead(503, { "content-type": "application/x-amz-json-1.0" });
      response.end(JSON.stringify({ __type: "ServiceUnavailable", message: "not now" }));
      return;
    }
    const { method, headers } = request;
    const onward = ask(aws.url, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on("error", () => response.destroy());
    request.pipe(onward);
  };

  // On the host's network: the way to AWS is open while the server stands still.
  const start = async (dataDir?: string): Promise<void> => {
    server = await startServer({
      flags: ["--function-network", "host"],
      ...(dataDir === undefined ? {} : { dataDir }),
    });
    dispatch = new Dispatch(server.api);
  };

  beforeAll(async () => {
    if ("missing" in moto) return;
    aws = await startMoto(moto.program);
    way = createServer(pass).listen(0, "127.0.0.1");
    call = connectAws({
      region: "us-west-2",
      accessKeyId: "any",
      secretAccessKey: "any",
      sessionToken: "",
      endpoint: aws.url,
    });
    await start();
    await dispatch.post("/v1/event/drivertypes", {
      name: "aws",
      image: "dispatchframework/dispatch-events-aws:v0.0.1-solo",
    });
    await dispatch.post("/v1/secret", { name: "aws", secrets: SECRET });
    await dispatch.post("/v1/event/subscriptions", { name: "all", eventType: ">", function: "not-there-yet" });
  }, 600_000);

  afterAll(async () => {
    await server?.dispose();
    way?.closeAllConnections();
    await aws?.stop();
  });

  const addressOfWay = (): string => `http://127.0.0.1:${(way.address() as AddressInfo).port}`;

  const queueFor = async (name: string, config: Readonly<Record<string, string>> = {}): Promise<string> => {
    const { QueueUrl } = await call("sqs", "CreateQueue", { QueueName: name });
    const all = {
      "queue-url": String(QueueUrl),
      endpoint: addressOfWay(),
      source: name,
      duration: "1",
      visibility: "3",
      ...config,
    };
    const pairs = Object.entries(all).map(([key, value]) => ({ key, value }));
    await dispatch.post("/v1/event/drivers", { name, type: "aws", secrets: ["aws"], config: pairs });
    await is(name, "READY");
    return String(QueueUrl);
  };
  const driver = async (name: string) =>
    parse<{ status: string; reason: string[] | null }>(await dispatch.get(`/v1/event/drivers/${name}`));
  const is = (name: string, status: string) =>
    until(`${name} is ${status}`, async () => ((await driver(name)).status === status ? true : undefined));
  const send = (queueUrl: string, body: string) =>
    call("sqs", "SendMessage", { QueueUrl: queueUrl, MessageBody: body });

  const dataOf = async (source: string): Promise<unknown[]> =>
    parse<{ event: { source: string; data?: unknown } }[]>(await dispatch.get("/v1/event/events?limit=200"))
      .filter(({ event }) => event.source === source)
      .map(({ event }) => event.data)
      .toReversed();
  const come = (source: string, count: number) =>
    until(`${count} events of ${source} have come`, async () => {
      const data = await dataOf(source);
      return data.length >= count ? data : undefined;
    });
  const isEmpty = (queueUrl: string) =>
    until("the queue is empty", async () => {
      const names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"];
      const { Attributes } = await call("sqs", "GetQueueAttributes", { QueueUrl: queueUrl, AttributeNames: names });
      return Object.values(Attributes as Record<string, string>).every((count) => Number(count) === 0)
        ? true
        : undefined;
    });

  test("messages of 256 KB and more of them than one look gives are all on record once, and deleted", async () => {
    const queue = await queueFor("many");
    const large = 'quote " and line\n'.repeat(16_384).slice(0, 262_144);
    await send(queue, large);
    for (let number = 1; number <= 25; number += 1) await send(queue, JSON.stringify({ number }));
    const data = await come("many", 26);
    await isEmpty(queue);
    expect(data.filter((one) => one === large)).toHaveLength(1);
    const numbers = data.flatMap((one) => (typeof one === "object" ? [(one as { number: number }).number] : []));
    expect(numbers.toSorted((one, other) => one - other)).toEqual(Array.from({ length: 25 }, (_, index) => index + 1));
    expect(await dataOf("many")).toHaveLength(26);
  });

  test("a deletion that fails is made up for, and nothing counts twice", async () => {
    const queue = await queueFor("undeleted");
    refusing = 3;
    for (let number = 1; number <= 5; number += 1) await send(queue, String(number));
    await come("undeleted", 5);
    await until("the deletions failed", () => (refusing === 0 ? true : undefined));
    await isEmpty(queue);
    expect((await dataOf("undeleted")).toSorted()).toEqual([1, 2, 3, 4, 5]);
  });

  test("a message whose event was not accepted comes again after its visibility time-out", async () => {
    const queue = await queueFor("unaccepted");
    process.kill(server.pid, "SIGSTOP");
    seen.length = 0;
    await send(queue, '"once"');
    await until("the driver has the message", async () => {
      const names = ["ApproximateNumberOfMessagesNotVisible"];
      const { Attributes } = await call("sqs", "GetQueueAttributes", { QueueUrl: queue, AttributeNames: names });
      return (Attributes as Record<string, string>)[names[0] ?? ""] === "1" ? true : undefined;
    });
    expect(seen).not.toContain("DeleteMessage");
    await server.kill();
    await start(server.dataDir);
    expect(await come("unaccepted", 1)).toEqual(["once"]);
    await isEmpty(queue);
    expect(await dataOf("unaccepted")).toEqual(["once"]);
  });

  test("what the server refuses for good is left out, and the driver's state says how many and why", async () => {
    const queue = await queueFor("refused");
    await send(queue, `${"[".repeat(1200)}${"]".repeat(1200)}`);
    await send(queue, `${"[".repeat(1300)}${"]".repeat(1300)}`);
    await send(queue, '"good"');
    expect(await come("refused", 1)).toEqual(["good"]);
    await isEmpty(queue);
    const told = await until("the state says it", async () => {
      const { status, reason } = await driver("refused");
      return reason?.[0]?.startsWith("2 of its events were refused") ? { status, reason } : undefined;
    });
    expect(told).toEqual({
      status: "READY",
      reason: [expect.stringMatching(/^2 of its events were refused, the last one: .*1000/)],
    });
    const environment = { DISPATCH_PORT: new URL(server.api).port };
    const described = await runCommand(["describe", "driver", "refused"], { cwd: server.dataDir, environment });
    expect(described.stdout).toContain("2 of its events were refused, the last one: ");
  });
});
