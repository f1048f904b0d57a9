/**
 * Slows down guessing of credentials. Each client address may make a few mistakes a second at each door (the API, an endpoint);
 * further tries wait for their turn. Guessing takes too long then, and users behind the same address wait seconds, not hours.
 */
import ipaddr from "ipaddr.js";
import { DispatchError } from "../core/shared/errors.ts";

/** Wrong tries a second of one address at one door. */
const MISTAKES = 5;
const MISTAKE_MS = 1000;
/** Tries that wait; beyond, any one of them is refused, so that nobody can keep the others out by filling the line. */
const LONGEST_LINE = 50;
const REPORT_MS = 60_000;
const REPORT_FROM = 10;
/** Addresses and doors that are remembered at once. */
const MOST_PLACES = 10_000;

interface Place {
  /** Mistakes of the last second. */
  recent: number;
  readonly line: { turn(): void; refuse(error: DispatchError): void }[];
  /** Mistakes since it is remembered. */
  mistakes: number;
}

export interface GuessBrakeOptions {
  readonly log: { warn(fields: object, message: string): void };
  /** Chooses which of the waiting tries is refused: from 0 up to but not including 1. */
  readonly random?: () => number;
}

export class GuessBrake {
  readonly #places = new Map<string, Place>();
  readonly #log: GuessBrakeOptions["log"];
  readonly #random: () => number;

  constructor({ log, random = Math.random }: GuessBrakeOptions) {
    this.#log = log;
    this.#random = random;
  }

  /** For credentials that can be guessed: looks at one only when it is its turn. @throws TOO_MANY_GUESSES */
  async judge(door: string, address: string, isRight: () => boolean): Promise<boolean> {
    const key = keyOf(door, address);
    const place = this.#places.get(key);
    if (place !== undefined && place.recent >= MISTAKES) await this.#turn(place);
    if (isRight()) return true;
    this.#mistake(key, door, address);
    return false;
  }

  /** For credentials too long to guess, which are looked at in any case: the answer to a wrong one waits. @throws TOO_MANY_GUESSES */
  async wrong(door: string, address: string): Promise<void> {
    const key = keyOf(door, address);
    const place = this.#places.get(key);
    if (place !== undefined && place.recent >= MISTAKES) await this.#turn(place);
    this.#mistake(key, door, address);
  }

  #turn(place: Place): Promise<void> {
    return new Promise((turn, refuse) => {
      place.line.push({ turn, refuse });
      if (place.line.length <= LONGEST_LINE) return;
      const [unlucky] = place.line.splice(Math.floor(this.#random() * place.line.length), 1);
      unlucky?.refuse(new DispatchError("TOO_MANY_GUESSES", { retryAfter: LONGEST_LINE / MISTAKES / 2 }));
    });
  }

  #mistake(key: string, door: string, address: string): void {
    const place = this.#places.get(key) ?? this.#remember(key, door, address);
    place.recent += 1;
    place.mistakes += 1;
    if (place.mistakes === REPORT_FROM) this.#report(place, door, address);
    setTimeout(() => {
      place.recent -= 1;
      place.line.shift()?.turn();
    }, MISTAKE_MS).unref();
  }

  #remember(key: string, door: string, address: string): Place {
    const place: Place = { recent: 0, line: [], mistakes: 0 };
    const [oldest] = this.#places.size >= MOST_PLACES ? this.#places.keys() : [];
    if (oldest !== undefined) this.#places.delete(oldest);
    this.#places.set(key, place);
    setTimeout(() => this.#forget(key, place, door, address), REPORT_MS).unref();
    return place;
  }

  /** Forgets callers; one who still guesses is remembered again at the next mistake, and those who wait still get their turn. */
  #forget(key: string, place: Place, door: string, address: string): void {
    if (this.#places.get(key) === place) this.#places.delete(key);
    if (place.mistakes > REPORT_FROM) this.#report(place, door, address);
  }

  #report({ mistakes }: Place, door: string, address: string): void {
    this.#log.warn(
      { door, address, mistakes },
      `${mistakes} wrong credentials at ${door} within a minute: further ones are slowed`,
    );
  }
}

/** Of IPv6 the network counts: a single machine has as many addresses as it likes. */
function keyOf(door: string, address: string): string {
  if (!address.includes(":") || !ipaddr.isValid(address)) return `${door} ${address}`;
  const parsed = ipaddr.process(address);
  return parsed instanceof ipaddr.IPv6 ? `${door} ${parsed.parts.slice(0, 4).join(":")}` : `${door} ${parsed}`;
}
