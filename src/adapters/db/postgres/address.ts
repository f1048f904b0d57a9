/** Where a PostgreSQL database is, as its user writes it: `postgres://user@host:port/name`. */
import { type ClientConfig, types as pgTypes } from "pg";
import { restored } from "./storable.ts";

/**
 * What the client needs. Passwords come from PGPASSWORD, or from the file that PGPASSFILE names (~/.pgpass): an address
 * stands in process lists and logs.
 * @throws Error with a sentence
 */
export function clientConfig(address: string): ClientConfig {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  // An empty host means a socket, which URL takes for no URL.
  if (/^[a-z]+:\/\/[^/@]*:[^/@]*@/.test(address) || url?.searchParams.has("password")) {
    throw new Error("an address of a database holds no password: set PGPASSWORD, or name a file with PGPASSFILE");
  }
  return { connectionString: address, application_name: "dispatch-server", connectionTimeoutMillis: 5000, types };
}

/** Whole numbers of 64 bits: exact, and plain numbers where those can hold them. */
function wholeNumber(text: string): number | bigint {
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : BigInt(text);
}

/** By the numbers that PostgreSQL has for its types `int8` and `text`. */
const parsers: Readonly<Record<number, (text: string) => unknown>> = { 20: wholeNumber, 25: restored };

const types: NonNullable<ClientConfig["types"]> = {
  getTypeParser: ((oid: number, format?: "text" | "binary") =>
    parsers[oid] ?? pgTypes.getTypeParser(oid, format)) as typeof pgTypes.getTypeParser,
};
