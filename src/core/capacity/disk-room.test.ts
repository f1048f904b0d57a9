import { expect, test } from "vitest";
import { DispatchError } from "../shared/errors.ts";
import { DiskRoom } from "./disk-room.ts";

const MB = 1024 * 1024;

test("new work is refused while less is free than it needs, with the figures and when to come again", () => {
  const room = new DiskRoom(64 * MB);
  expect(() => room.refuse()).not.toThrow();
  room.note(63 * MB);
  let refusal: unknown;
  try {
    room.refuse();
  } catch (error) {
    refusal = error;
  }
  expect(refusal).toBeInstanceOf(DispatchError);
  expect(refusal).toMatchObject({
    status: 507,
    retryAfter: 30,
    message:
      "the server's disk is nearly full: 63 MB are free, and new work is taken from 64 MB on (setting min-free-bytes); delete something, or make room, and try again",
  });
  room.note(64 * MB);
  expect(() => room.refuse()).not.toThrow();
});

test("0 refuses nothing", () => {
  const room = new DiskRoom(0);
  room.note(0);
  expect(() => room.refuse()).not.toThrow();
});
