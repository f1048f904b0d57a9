/** Functions tell it each time that they are entered: it sees what really happened, whatever the server has on record. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** One time that a handler was entered. */
export interface Entry {
  readonly run: string;
  readonly attempt: number;
}

export interface Witness {
  readonly port: number;
  /** Who was entered for a key, in the order of their coming. */
  entries(key: string): readonly Entry[];
  forget(key: string): void;
  close(): void;
}

/** A handler that tells the witness the key of its input, works for `ms` and gives the key back. */
export const witnessed = `const http = require("node:http");
module.exports = ({ run }, { port, key, ms }) => new Promise((resolve, reject) => {
  http.get({ port, path: "/" + [key, run.id, run.attempt].join("/"), agent: false }, (response) => {
    response.resume().on("end", () => setTimeout(resolve, ms, { key }));
  }).on("error", reject);
});`;

export async function startWitness(): Promise<Witness> {
  const seen = new Map<string, Entry[]>();
  const server = createServer((request, response) => {
    const [, key = "", run = "", attempt] = request.url?.split("/") ?? [];
    seen.set(key, [...(seen.get(key) ?? []), { run, attempt: Number(attempt) }]);
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    entries: (key) => seen.get(key) ?? [],
    forget: (key) => void seen.delete(key),
    close: () => void server.close(),
  };
}
