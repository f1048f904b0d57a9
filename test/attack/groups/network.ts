/** A function that wants to reach what listens on this machine. */
import { execFileSync } from "node:child_process";
import { networkInterfaces } from "node:os";
import { listen, listenToDatagrams, own, portOf, soon } from "../../escapes/host-services.ts";
import { BY_DEVICE, CALLER } from "../../escapes/hostile.ts";
import { attacksOf, judge, nothingOf, notTried } from "../attack.ts";
import type { Target } from "../target.ts";

const LOOT = "a service of the host";

type Place = readonly [host: string, port: number];

/** What the calls that brought something brought. */
async function reached(target: Target, source: string, places: readonly Place[]): Promise<string[]> {
  const output = await target.outputOf("python3", source, places);
  return (output as string[]).filter((result) => result.includes(LOOT));
}

/** Puts a service where `at` says while an address is the host's; only root can. */
async function withAddress<T>(address: string, attempt: () => Promise<T>): Promise<T> {
  execFileSync("ip", ["address", "add", `${address}/32`, "dev", "lo"]);
  try {
    return await attempt();
  } finally {
    execFileSync("ip", ["address", "delete", `${address}/32`, "dev", "lo"]);
  }
}

const isRoot = process.getuid?.() === 0;

async function overAddress(target: Target, address: string) {
  if (!isRoot) return notTried("only root can give the host an address");
  return withAddress(address, async () => {
    const service = await listen(address, LOOT);
    await soon(1000);
    const places: Place[] = [[address, portOf(service)]];
    const loot = [...(await reached(target, CALLER, places)), ...(await reached(target, BY_DEVICE, places))];
    service.close();
    return nothingOf(loot, "refused, by route and by device");
  });
}

export const network = attacksOf("network", {
  "reach the host's loopback": async (target) => {
    const service = await listen("127.0.0.1", LOOT);
    const port = portOf(service);
    const gateway = Number(new URL(target.server.gateway).port);
    const hosts = ["127.0.0.1", "localhost", "127.0.0.2", "10.0.2.2", "10.0.2.3", "0.0.0.0"];
    const loot = await reached(target, CALLER, [...hosts.map((host): Place => [host, port]), ["127.0.0.1", gateway]]);
    service.close();
    return nothingOf(loot, "refused");
  },

  "reach the host's loopback by the device that leads out": async (target) => {
    const service = await listen("127.0.0.1", LOOT);
    const { socket, heard } = await listenToDatagrams("127.0.0.1");
    const places: Place[] = [
      ["127.0.0.1", portOf(service)],
      ["127.0.0.1", socket.address().port],
      ["0.0.0.0", portOf(service)],
    ];
    const loot = await reached(target, BY_DEVICE, places);
    await soon(200);
    socket.close();
    service.close();
    return nothingOf([...loot, ...heard], "neither datagrams nor connections arrive");
  },

  "reach the host's own addresses": async (target) => {
    if (own.length === 0) return notTried("this machine has no address but the loopback's");
    const service = await listen("0.0.0.0", LOOT);
    const places = own.map((host): Place => [host, portOf(service)]);
    const loot = [...(await reached(target, CALLER, places)), ...(await reached(target, BY_DEVICE, places))];
    service.close();
    return nothingOf(loot, `${own.length} refused, by route and by device`);
  },

  "reach an address that the host was given later": (target) => overAddress(target, "198.51.100.77"),

  "reach the cloud's metadata service": (target) => overAddress(target, "169.254.169.254"),

  "reach the host by multicast and broadcast": async (target) => {
    const group = "239.77.77.77";
    const outward = Object.values(networkInterfaces()).some((all) => all?.some(({ internal }) => !internal));
    if (!outward) return notTried("this machine has no address but the loopback's");
    const { socket, heard } = await listenToDatagrams("0.0.0.0", group);
    const { port } = socket.address();
    await target.outputOf(
      "python3",
      BY_DEVICE,
      [group, "224.0.0.1", "255.255.255.255"].map((host) => [host, port]),
    );
    await soon(200);
    socket.close();
    return nothingOf(heard, "nothing arrives");
  },

  "reach another organization's function": async (target) => {
    const neighbour = target.as("neighbours");
    await neighbour.createImage("python3");
    const listener = `
import socket, threading
server = socket.create_server(("0.0.0.0", 45678))
def serve():
    while True:
        connection, _ = server.accept()
        connection.sendall(b"${LOOT}")
        connection.close()
threading.Thread(target=serve, daemon=True).start()
def handle(context, payload): return "listens"`;
    await neighbour.createFunction("listener", { "f.py": listener }, { image: "python3", handler: "f.handle" });
    const { output } = await neighbour.run("listener");
    const loot = await reached(target, CALLER, [
      ["127.0.0.1", 45678],
      ["10.0.2.100", 45678],
    ]);
    return judge(output === "listens" && loot.length === 0, loot.length === 0 ? "refused" : loot);
  },

  "change its network or listen in": async (target) => {
    const source = `
import socket, subprocess
def handle(context, payload):
    done = []
    if subprocess.run(["ip", "route", "del", "prohibit", "169.254.0.0/16"], capture_output=True).returncode == 0: done.append("route")
    if subprocess.run(["nft", "flush", "ruleset"], capture_output=True).returncode == 0 if __import__("shutil").which("nft") else False: done.append("nft")
    for name, family, kind, protocol in (("raw", socket.AF_INET, socket.SOCK_RAW, 1), ("packet", 17, socket.SOCK_RAW, 768), ("vsock", 40, socket.SOCK_STREAM, 0)):
        try: socket.socket(family, kind, protocol); done.append(name)
        except OSError: pass
    return done`;
    const output = await target.outputOf("python3", source);
    return nothingOf(output as string[], "no routes, no filter, no raw sockets");
  },
});
