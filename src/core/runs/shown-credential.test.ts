import { expect, test } from "vitest";
import { ShownCredential } from "./shown-credential.ts";

test.each([
  ['{"a":"Bearer abcdefgh","b":["abcdefgh"]}', '{"a":"***","b":["***"]}'],
  ['{"Bearer abcdefgh":1}', '{"***":1}'],
  ['"Bearer abcdefgh"', '"***"'],
  ['{"a":"Bearer abcdefghi","b":"x abcdefgh"}', '{"a":"Bearer abcdefghi","b":"x abcdefgh"}'],
])("%s is recorded as %s", (json, recorded) => {
  expect(new ShownCredential("Bearer abcdefgh").hideInJson(json)).toBe(recorded);
});

test("in a line it is hidden wherever it stands, with its scheme and without", () => {
  const credential = new ShownCredential("Bearer abcdefgh");
  expect(credential.hideIn("{ authorization: 'Bearer abcdefgh' } abcdefgh!")).toBe("{ authorization: '***' } ***!");
});

test.each([",true,false,", ",          ,", '"},{"name":"', "  12345678", "12345678", '\\"\\"\\"\\"\\"', "x"])(
  "whoever shows %j as a credential breaks no record",
  (authorization) => {
    const json = '["a",true,false,"b",          12345678,{"name":"x"},{"name":"x"}]';
    expect(() => JSON.parse(new ShownCredential(authorization).hideInJson(json))).not.toThrow();
    expect(new ShownCredential(authorization).hideInJson('["x",12345678]')).toBe('["x",12345678]');
  },
);
