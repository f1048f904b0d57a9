import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { passwords, verifyBasic } from "./basic.ts";
import { bearerToken } from "./bearer.ts";
import { verifySlackSignature } from "./slack.ts";

const now = 1_800_000_000_000;
const seconds = now / 1000;

function sign(secret: string, timestamp: string | number, body: string | Buffer): string {
  return `v0=${createHmac("sha256", secret).update(`v0:${timestamp}:`).update(body).digest("hex")}`;
}

describe("a Slack signature", () => {
  const body = Buffer.from("token=x&text=caf\xc3\xa9&team_id=T1", "latin1");
  const signed = (secret: string, at: number) => ({ timestamp: String(at), signature: sign(secret, at, body) });

  test("is that of Slack's own worked example", () => {
    const example = {
      timestamp: "1531420618",
      signature: "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
    };
    const text =
      "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    const verdict = verifySlackSignature(
      example,
      Buffer.from(text),
      ["8f742231b10e8888abcd99yyyzzz85a5"],
      1531420618_000,
    );
    expect(verdict.valid).toBe(true);
  });

  test.each([[0], [299], [-299]])("is accepted %i s away", (away) => {
    expect(verifySlackSignature(signed("s", seconds + away), body, ["s"], now).valid).toBe(true);
  });

  test.each([[301], [-301]])("is refused %i s away", (away) => {
    expect(verifySlackSignature(signed("s", seconds + away), body, ["s"], now)).toMatchObject({
      valid: false,
      reason: "the request is more than 5 minutes old or early",
    });
  });

  test("is accepted with the secret of before during a rotation", () => {
    expect(verifySlackSignature(signed("old", seconds), body, ["new", "old"], now).valid).toBe(true);
  });

  test("made with an empty secret is refused", () => {
    expect(verifySlackSignature(signed("", seconds), body, ["", ""], now).valid).toBe(false);
  });

  test("of another body or secret is refused", () => {
    expect(verifySlackSignature(signed("s", seconds), Buffer.from("token=y"), ["s"], now).valid).toBe(false);
    expect(verifySlackSignature(signed("t", seconds), body, ["s"], now).valid).toBe(false);
  });

  test.each([
    [undefined, "v0=00", "missing"],
    [String(seconds), undefined, "missing"],
    ["1e9", "v0=00", "not a number"],
    [`-${seconds}`, "v0=00", "not a number"],
    [String(seconds), "v0=00", "v0=<64"],
    [String(seconds), `v1=${"0".repeat(64)}`, "v0=<64"],
  ])("with the headers %s and %s is refused: %s", (timestamp, signature, reason) => {
    const verdict = verifySlackSignature({ timestamp, signature }, body, ["s"], now);
    expect(verdict).toEqual({ valid: false, reason: expect.stringContaining(reason) });
  });

  test("in capitals is the same signature, also when it is looked up", () => {
    const { timestamp, signature } = signed("s", seconds);
    const plain = verifySlackSignature({ timestamp, signature }, body, ["s"], now);
    const capitals = { timestamp, signature: signature.toUpperCase().replace("V0", "v0") };
    expect(verifySlackSignature(capitals, body, ["s"], now)).toEqual(plain);
  });
});

describe("a password", () => {
  const basic = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`;
  const pair = passwords({ username: "ada", password: "s:ecret" });
  const many = passwords({ ada: "one", bob: "two", eve: "" });

  test("is accepted for its user, in both shapes of the secret", () => {
    expect(verifyBasic(basic("ada:s:ecret"), pair)).toBe(true);
    expect(verifyBasic(basic("bob:two"), many)).toBe(true);
  });

  test.each([["ada:two"], ["ada:"], ["ada"], ["eve:"], ["carol:one"], [":"], ["username:ada"]])(
    "%s is refused",
    (text) => {
      expect(verifyBasic(basic(text), many)).toBe(false);
      expect(verifyBasic(basic(text), pair)).toBe(false);
    },
  );

  test.each([[undefined], ["Bearer x"], ["Basic"], ["Basic !"]])("is not in the header %s", (header) => {
    expect(verifyBasic(header, pair)).toBe(false);
  });
});

test.each([
  ["Bearer abc.def-g_h", "abc.def-g_h"],
  ["bearer abc", "abc"],
  ["Bearer ", undefined],
  ["Basic abc", undefined],
  [undefined, undefined],
])("the token of %s is %s", (header, token) => {
  expect(bearerToken(header)).toBe(token);
});
