import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { createServer, isIPv6, type Server } from "node:net";
import { networkInterfaces } from "node:os";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { NetworkKind } from "../../src/core/shared/ports.ts";
import {
  createHarness,
  evaluate,
  findObstacle,
  type Harness,
  run,
  startFunction,
  suiteName,
} from "../contract/runtime-harness.ts";
import { listen, listenToDatagrams, own, portOf, soon } from "./host-services.ts";
import { BY_DEVICE, CALLER } from "./hostile.ts";

const obstacle = await findObstacle("isolated");
const isRoot = process.getuid?.() === 0;

describe.skipIf(obstacle !== undefined)(suiteName("a hostile function and the network", obstacle), () => {
  let service: Server;
  let allowed: Server;
  let patient: Server;
  let api: Server;
  let harness: Harness;
  const callers: string[] = [];

  beforeAll(async () => {
    service = await listen("127.0.0.1", "a service of the host");
    allowed = await listen("127.0.0.1", "an allowed service");
    patient = createServer((socket) => socket.on("error", () => undefined).resume());
    await once(patient.listen(0, "127.0.0.1"), "listening");
    api = await listen("127.0.0.1", "the API");
    harness = await createHarness({
      allowHostServices: [allowed, patient].map((server) => ({ host: "127.0.0.1", port: portOf(server) })),
      door: {
        port: portOf(api),
        names: [
          { host: "dispatch.example.com", port: portOf(api) },
          { host: "chat.example.com", port: 9443 },
          { host: "198.51.100.7", port: portOf(api) },
          ...own.map((host) => ({ host, port: portOf(api) })),
        ],
        connection: (socket, organization) => {
          callers.push(organization);
          socket.on("error", () => undefined).end(`the door of ${organization}`);
        },
      },
    });
  });
  afterAll(async () => {
    await harness.close();
    for (const server of [service, allowed, patient, api]) server.close();
  });

  const call = (addresses: readonly [string, number][], network: NetworkKind, organization = "one") =>
    evaluate(harness.runtime, "python3", CALLER, { payload: addresses, network, organization }) as Promise<string[]>;

  test.each(["isolated", "none"] as const)(
    "with network %s it does not reach services of the host's loopback",
    async (network) => {
      const port = portOf(service);
      const results = await call(
        [
          ["127.0.0.1", port],
          ["localhost", port],
          ["127.0.0.2", port],
          ["10.0.2.2", port],
        ],
        network,
      );
      expect(results.filter((result) => !/refused|unreachable|denied/.test(result))).toEqual([]);
    },
  );

  test("with network host it does, as the administrator has chosen", async () => {
    expect(await call([["127.0.0.1", portOf(service)]], "host")).toEqual(["a service of the host"]);
  });

  test("a service that was allowed is reached at the same address", async () => {
    expect(await call([["127.0.0.1", portOf(allowed)]], "isolated")).toEqual(["an allowed service"]);
    const [refused] = await call([["127.0.0.1", portOf(allowed)]], "none");
    expect(refused).toContain("refused");
  });

  test("it cannot take every connection: 128 for a worker, 256 for an organization", async () => {
    const source = `
import socket
kept = []
def is_open(one):
    try: return one.recv(1) != b""
    except TimeoutError: return True
    except OSError: return False
def handle(context, port):
    if port:
        for _ in range(400):
            try: one = socket.create_connection(("127.0.0.1", port), 3)
            except OSError: continue
            one.settimeout(0.001)
            kept.append(one)
    return sum(map(is_open, kept))`;
    const start = () => startFunction(harness.runtime, "python3", source, { network: "isolated", organization: "one" });
    const held = async (greedy: Awaited<ReturnType<typeof start>>) => Number((await run(greedy, 0)).output);
    const ask = (organization: string) => call([["127.0.0.1", portOf(allowed)]], "isolated", organization);
    const [first, second] = [await start(), await start()];
    await run(first, portOf(patient));
    await vi.waitFor(async () => expect(await held(first)).toBe(128), { timeout: 20_000 });
    expect(await ask("one")).toEqual(["an allowed service"]);
    await run(second, portOf(patient));
    await vi.waitFor(async () => expect(await held(second)).toBe(128), { timeout: 20_000 });
    expect(await ask("two")).toEqual(["an allowed service"]);
    await Promise.all([first.stop("retired"), second.stop("retired")]);
    await vi.waitFor(async () => expect(await ask("one")).toEqual(["an allowed service"]), { timeout: 20_000 });
  });

  test.each(["isolated", "none"] as const)(
    "with network %s the port of the API is the function door, and the door knows the organization",
    async (network) => {
      callers.length = 0;
      expect(await call([["127.0.0.1", portOf(api)]], network, "one")).toEqual(["the door of one"]);
      expect(await call([["127.0.0.1", portOf(api)]], network, "two")).toEqual(["the door of two"]);
      expect(callers).toEqual(["one", "two"]);
    },
  );

  test.skipIf(!isRoot)(
    isRoot ? "it does not reach the cloud's metadata service" : "metadata service (SKIPPED: only root can make one)",
    async () => {
      execFileSync("ip", ["address", "add", "169.254.169.254/32", "dev", "lo"]);
      try {
        const metadata = await listen("169.254.169.254", "credentials of the machine");
        const address: [string, number] = ["169.254.169.254", portOf(metadata)];
        expect(await call([address], "host")).toEqual(["credentials of the machine"]);
        for (const network of ["isolated", "none"] as const) {
          expect((await call([address], network))[0]).toMatch(/denied|unreachable/);
        }
        metadata.close();
      } finally {
        execFileSync("ip", ["address", "delete", "169.254.169.254/32", "dev", "lo"]);
      }
    },
  );

  test("it does not reach the host by the host's own addresses", async () => {
    const open = await listen("0.0.0.0", "open to the neighbours");
    const results = await call(
      [...own, "dispatch.example.com"].map((host): [string, number] => [host, portOf(open)]),
      "isolated",
    );
    open.close();
    expect(results.filter((result) => !/denied|unreachable|refused/.test(result))).toEqual([]);
  });

  test.each(["isolated", "none"] as const)(
    "with network %s the server's names and addresses lead to the function door, each with its port",
    async (network) => {
      const places: [string, number][] = [
        ["dispatch.example.com", portOf(api)],
        ["chat.example.com", 9443],
        ["198.51.100.7", portOf(api)],
        ...own.map((host): [string, number] => [host, portOf(api)]),
      ];
      const answers = await call(places, network, "one");
      expect(answers).toEqual(places.map(() => "the door of one"));
    },
  );

  test("it does not reach the host's loopback by naming the device that leads out", async () => {
    const { socket, heard } = await listenToDatagrams("127.0.0.1");
    const addresses: [string, number][] = [
      ["127.0.0.1", socket.address().port],
      ["127.0.0.1", portOf(service)],
      ["127.0.0.1", portOf(api)],
      ["0.0.0.0", portOf(service)],
    ];
    const results = await evaluate(harness.runtime, "python3", BY_DEVICE, { payload: addresses, network: "isolated" });
    await soon(100);
    socket.close();
    expect(heard).toEqual([]);
    expect((results as string[]).filter((result) => !/refused|unreachable|timed out/.test(result))).toEqual([]);
  });

  const ownAddress = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ family, internal }) => family === "IPv4" && !internal)?.address;
  const outward = suiteName(
    "it does not reach services of the host by multicast or broadcast",
    ownAddress === undefined ? "no address but the loopback's" : undefined,
  );
  test.skipIf(ownAddress === undefined)(outward, async () => {
    const group = "239.77.77.77";
    const joined = await listenToDatagrams("0.0.0.0", group);
    const { port } = joined.socket.address();
    const addresses = [group, "224.0.0.1", "255.255.255.255"].map((address) => [address, port]);
    await evaluate(harness.runtime, "python3", BY_DEVICE, { payload: addresses, network: "isolated" });
    await soon(100);
    joined.socket.close();
    expect(joined.heard).toEqual([]);
  });

  test.skipIf(!isRoot)(
    suiteName("an address that the host is given later is out of reach", isRoot ? undefined : "only root can give one"),
    async () => {
      const worker = await startFunction(harness.runtime, "python3", CALLER, { network: "isolated" });
      const open = await listen("0.0.0.0", "open to the neighbours");
      const late = "198.51.100.77";
      execFileSync("ip", ["address", "add", `${late}/32`, "dev", "lo"]);
      try {
        await soon(1000);
        const { output } = await run(worker, [[late, portOf(open)]]);
        expect(output).toMatch(/unreachable/);
        const { output: byDevice } = await run(
          await startFunction(harness.runtime, "python3", BY_DEVICE, { network: "isolated" }),
          [[late, portOf(open)]],
        );
        expect(byDevice).toMatch(/unreachable|timed out/);
      } finally {
        execFileSync("ip", ["address", "delete", `${late}/32`, "dev", "lo"]);
        open.close();
        await worker.stop("retired");
      }
    },
  );

  test("the way to the name server leads to no other service where that runs", async () => {
    const results = await call(
      [
        ["10.0.2.3", portOf(service)],
        ["10.0.2.4", portOf(service)],
      ],
      "isolated",
    );
    expect(results.filter((result) => !/unreachable/.test(result))).toEqual([]);
  });

  const noIpv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => isIPv6(address)))
    ? undefined
    : "no IPv6 here";
  test.skipIf(noIpv6 !== undefined)(suiteName("the door answers at [::1], too", noIpv6), async () => {
    callers.length = 0;
    expect(await call([["::1", portOf(api)]], "isolated", "one")).toEqual(["the door of one"]);
    expect(callers).toEqual(["one"]);
  });

  test("with network none there is no way out and no name service", async () => {
    const source = `
import socket
def handle(context, payload):
    interfaces = [name for _, name in socket.if_nameindex()]
    try: socket.getaddrinfo("example.invalid", 80)
    except OSError as error: return [interfaces, type(error).__name__]`;
    expect(await evaluate(harness.runtime, "python3", source, { network: "none" })).toEqual([["lo"], "gaierror"]);
  });

  test("another organization's functions are out of reach, the own ones are not", async () => {
    const listener = `
import socket, threading
server = socket.create_server(("0.0.0.0", 45678))
def serve():
    while True:
        connection, _ = server.accept()
        connection.sendall(b"hello neighbour")
        connection.close()
threading.Thread(target=serve, daemon=True).start()
names = socket.socket(socket.AF_UNIX)
names.bind("\\0neighbour")
def handle(context, payload):
    return [address for address in open("/proc/net/fib_trie").read().split() if address.startswith("10.0.2.1")][:1]`;
    const neighbour = await startFunction(harness.runtime, "python3", listener, {
      network: "isolated",
      organization: "one",
    });
    expect(await run(neighbour)).toMatchObject({ output: '["10.0.2.100"]' });
    const addresses: [string, number][] = [
      ["127.0.0.1", 45678],
      ["10.0.2.100", 45678],
    ];
    expect(await call(addresses, "isolated", "one")).toEqual(["hello neighbour", "hello neighbour"]);
    const results = await call(addresses, "isolated", "two");
    expect(results.filter((result) => !/refused|unreachable|denied/.test(result))).toEqual([]);
    const abstract = `
import socket
def handle(context, payload):
    try: socket.socket(socket.AF_UNIX).connect("\\0neighbour")
    except OSError as error: return type(error).__name__`;
    const other = { network: "isolated", organization: "two" } as const;
    expect(await evaluate(harness.runtime, "python3", abstract, other)).toBe("ConnectionRefusedError");
    await neighbour.stop("retired");
  });

  test("it cannot change its network, nor listen in on others'", async () => {
    const source = `
import socket, subprocess
def handle(context, payload):
    routes = subprocess.run(["ip", "route", "del", "prohibit", "169.254.0.0/16"], capture_output=True, text=True)
    results = [routes.returncode != 0]
    for family, kind, protocol in ((socket.AF_INET, socket.SOCK_RAW, 1), (17, socket.SOCK_RAW, 0), (40, socket.SOCK_STREAM, 0)):
        try: socket.socket(family, kind, protocol); results.append(False)
        except OSError: results.append(True)
    return results`;
    expect(await evaluate(harness.runtime, "python3", source, { network: "isolated" })).toEqual([
      true,
      true,
      true,
      true,
    ]);
  });
});
