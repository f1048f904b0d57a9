import { expect, test } from "vitest";
import { lastMoment } from "./digest-time.ts";

const at = (time: string) => Date.parse(`2026-11-28T${time}Z`);

test.each([
  ["08:00", "08:00:00", at("08:00:00")],
  ["08:00", "23:59:59", at("08:00:00")],
  ["08:00", "07:59:59", at("08:00:00") - 86_400_000],
  ["00:00", "00:00:00", at("00:00:00")],
])("it was %s UTC last, seen at %s", (time, now, moment) => expect(lastMoment(time, at(now))).toBe(moment));
