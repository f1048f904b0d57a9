import fc from "fast-check";
import { expect, test } from "vitest";
import { firstJsonValue } from "./first-json-value.ts";

test("the first value is found whole, whatever it is and whatever follows", () => {
  fc.assert(
    fc.property(fc.json(), fc.string(), (text, rest) => {
      const whole = JSON.stringify(JSON.parse(text));
      expect(firstJsonValue(`${whole} ${rest}`)?.text).toBe(whole);
    }),
  );
});

test("no text makes it throw", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => firstJsonValue(text) !== null));
});
