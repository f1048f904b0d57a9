import { randomInt } from "node:crypto";

const adjectives = "brave calm eager gentle happy jolly keen lively proud quick silent witty".split(" ");
const animals = "badger falcon gecko heron ibex lynx marmot otter panda raven tapir wombat".split(" ");

/** A name for a resource that was given none: `keen-otter-805996`. */
export function randomName(): string {
  return `${pick(adjectives)}-${pick(animals)}-${String(randomInt(1_000_000)).padStart(6, "0")}`;
}

function pick(words: readonly string[]): string {
  return words[randomInt(words.length)] ?? "";
}
