import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { expect, test } from "vitest";
import { inFairTurns } from "./fair-turns.ts";

/** A listener in fair turns of which each request takes 0.3 ms, as a clock tells it that only requests move. */
function serving() {
  let clock = 0;
  const begun: string[] = [];
  const turns: (() => void)[] = [];
  const listener = inFairTurns(
    ({ url = "" }) => {
      begun.push(url);
      clock += 0.3;
    },
    () => clock,
    (turn) => void turns.push(turn),
  );
  const ask = (url: string): void => {
    const request = new IncomingMessage(new Socket());
    request.url = url;
    listener(request, new ServerResponse(request));
  };
  const nextTurn = (): void => {
    for (const turn of turns.splice(0)) turn();
  };
  return { begun, ask, nextTurn };
}

test("a request that comes alone begins at once", () => {
  const { begun, ask, nextTurn } = serving();
  ask("/a");
  expect(begun).toEqual(["/a"]);
  nextTurn();
  ask("/b");
  expect(begun).toEqual(["/a", "/b"]);
});

test("while everybody asks for the same nobody waits", () => {
  const { begun, ask } = serving();
  for (let at = 0; at < 10; at++) ask("/flood");
  expect(begun).toHaveLength(10);
});

test("of a flood as many begin in a turn as it has time for, and whoever asks for something else is next", () => {
  const { begun, ask, nextTurn } = serving();
  ask("/quiet");
  for (let at = 0; at < 10; at++) ask("/flood");
  ask("/quiet");
  ask("/other");
  expect(begun).toEqual(["/quiet", ...Array(4).fill("/flood")]);
  nextTurn();
  expect(begun.slice(5)).toEqual(["/flood", "/quiet", "/other", "/flood"]);
  ask("/late");
  nextTurn();
  expect(begun.slice(9)).toEqual(["/flood", "/late", "/flood", "/flood"]);
  for (let turn = 0; turn < 2; turn++) nextTurn();
  expect(begun).toHaveLength(14);
});
