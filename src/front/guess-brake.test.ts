import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { DispatchError } from "../core/shared/errors.ts";
import { GuessBrake } from "./guess-brake.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function brake() {
  const warnings: string[] = [];
  const log = { warn: (fields: object, message: string) => void warnings.push(`${JSON.stringify(fields)} ${message}`) };
  return { brake: new GuessBrake({ log, random: () => 0 }), warnings };
}

const wrong = () => false;
const right = () => true;

/** How many of these tries were looked at within the time, and how many were refused. */
async function guess(subject: GuessBrake, tries: number, milliseconds: number, address = "10.0.0.9") {
  let [looked, refused] = [0, 0];
  const look = () => {
    looked += 1;
    return false;
  };
  for (let at = 0; at < tries; at++) {
    subject.judge("door", address, look).catch((error: unknown) => {
      if (error instanceof DispatchError && error.status === 429) refused += 1;
    });
  }
  await vi.advanceTimersByTimeAsync(milliseconds);
  return { looked, refused };
}

test("a few mistakes cost nothing", async () => {
  const { brake: subject } = brake();
  for (let at = 0; at < 4; at++) expect(await subject.judge("door", "10.0.0.9", wrong)).toBe(false);
  expect(await subject.judge("door", "10.0.0.9", right)).toBe(true);
});

test("a flood of guesses gets five looks a second", async () => {
  const { brake: subject } = brake();
  const { looked, refused } = await guess(subject, 2000, 3500);
  expect(looked).toBe(20);
  expect(refused).toBe(2000 - 5 - 50);
});

test("who knows the password gets in within seconds, from the address of the flood, too", async () => {
  const { brake: subject } = brake();
  await guess(subject, 40, 0);
  let entered = false;
  void subject.judge("door", "10.0.0.9", right).then((is) => {
    entered = is;
  });
  await vi.advanceTimersByTimeAsync(8000);
  expect(entered).toBe(true);
  expect(await subject.judge("door", "10.0.0.8", right)).toBe(true);
  expect(await subject.judge("another door", "10.0.0.9", right)).toBe(true);
});

test("a network of IPv6 is one address", async () => {
  const { brake: subject } = brake();
  await guess(subject, 5, 0, "2001:db8::1");
  expect(await guess(subject, 5, 500, "2001:db8::2")).toEqual({ looked: 0, refused: 0 });
  expect(await guess(subject, 5, 0, "2001:db8:0:1::2")).toEqual({ looked: 5, refused: 0 });
});

test("it is logged twice a minute with the number of tries, however many there are", async () => {
  const { brake: subject, warnings } = brake();
  await guess(subject, 1000, 61_000);
  expect(warnings).toEqual([
    '{"door":"door","address":"10.0.0.9","mistakes":10} 10 wrong credentials at door within a minute: further ones are slowed',
    '{"door":"door","address":"10.0.0.9","mistakes":55} 55 wrong credentials at door within a minute: further ones are slowed',
  ]);
});

test("the answer to a wrong token waits its turn, and a right one is never asked to", async () => {
  const { brake: subject } = brake();
  let answered = 0;
  for (let at = 0; at < 8; at++) void subject.wrong("api", "10.0.0.9").then(() => answered++);
  await vi.advanceTimersByTimeAsync(0);
  expect(answered).toBe(5);
  await vi.advanceTimersByTimeAsync(1000);
  expect(answered).toBe(8);
});
