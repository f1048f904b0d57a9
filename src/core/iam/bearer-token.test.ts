import { createHmac, createSign, generateKeyPairSync, type KeyObject } from "node:crypto";
import { describe, expect, test } from "vitest";
import { type Issuer, verifyToken } from "./bearer-token.ts";

const mine = generateKeyPairSync("rsa", { modulusLength: 2048 });
const strange = generateKeyPairSync("rsa", { modulusLength: 2048 });
const now = Date.UTC(2026, 5, 1);
const seconds = now / 1000;
const hour = 3600;
const claims = { iss: "team-a/ci", iat: seconds - 60, exp: seconds + hour };

type Signing = (text: string) => string;

const signed =
  (digest = "RSA-SHA256", key: KeyObject = mine.privateKey): Signing =>
  (text) =>
    createSign(digest).update(text).sign(key, "base64url");

function token(payload: object, header: object = { alg: "RS256" }, sign: Signing = signed()): string {
  const text = [header, payload].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
  return `${text}.${sign(text)}`;
}

const keyOf = ({ organization, name }: Issuer): KeyObject | undefined =>
  organization === "team-a" && name === "ci" ? mine.publicKey : undefined;

async function refusal(text: string): Promise<string> {
  return verifyToken(text, keyOf, now).then(
    () => "accepted",
    (error: Error) => error.message.replace("unable to validate bearer token: ", ""),
  );
}

describe("a token is accepted", () => {
  test.each([
    ["RS256", "RSA-SHA256"],
    ["RS384", "RSA-SHA384"],
    ["RS512", "RSA-SHA512"],
  ])("when its account signed it with %s", async (alg, digest) => {
    const issuer = await verifyToken(token(claims, { alg, typ: "JWT" }, signed(digest)), keyOf, now);
    expect(issuer).toEqual({ organization: "team-a", name: "ci" });
  });

  test("without iat and nbf, with the right audience, and for as long as a year", async () => {
    expect(await refusal(token({ iss: claims.iss, exp: claims.exp }))).toBe("accepted");
    expect(await refusal(token({ ...claims, nbf: seconds, aud: ["dispatch"] }))).toBe("accepted");
    expect(await refusal(token({ ...claims, exp: seconds + 365 * 24 * hour }))).toBe("accepted");
  });
});

describe("a token is refused", () => {
  const unverified = "no service account verifies it";
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const publicPem = mine.publicKey.export({ type: "spki", format: "pem" });

  const cases: [why: string, text: string, reason: string | RegExp][] = [
    ["signed by another key", token(claims, undefined, signed("RSA-SHA256", strange.privateKey)), unverified],
    ["of an account that does not exist", token({ ...claims, iss: "team-a/cd" }), unverified],
    ["of an account of that name elsewhere", token({ ...claims, iss: "team-b/ci" }), unverified],
    ["altered", token(claims).replace(/^([^.]+)\.[^.]+/, `$1.${part({ ...claims, exp: claims.exp + 1 })}`), unverified],
    ["not signed at all", `${part({ alg: "none" })}.${part(claims)}.`, /alg/],
    [
      "signed with the public key as a shared secret",
      token(claims, { alg: "HS256" }, (text) => createHmac("sha256", publicPem).update(text).digest("base64url")),
      /alg/,
    ],
    ["expired", token({ ...claims, exp: seconds - 1 }), "it has expired (exp)"],
    ["never expiring", token({ iss: claims.iss, iat: claims.iat }), /"exp"/],
    [
      "valid for more than a year",
      token({ ...claims, exp: seconds + 400 * 24 * hour }),
      "it is valid for more than 366 days",
    ],
    ["not valid yet", token({ ...claims, nbf: seconds + 60 }), /"nbf"/],
    ["issued in the future", token({ ...claims, iat: seconds + 60 }), /issued \(iat\) in the future/],
    ["for another audience", token({ ...claims, aud: "payroll" }), "its audience (aud) is not dispatch"],
    ["without an issuer", token({ exp: claims.exp }), /issuer \(iss\)/],
    ["with an issuer that is no text", token({ ...claims, iss: { a: 1 } }), /issuer \(iss\)|"iss"/],
    ["with an issuer without organization", token({ ...claims, iss: "ci" }), /issuer \(iss\)/],
    ["with times that are no numbers", token({ ...claims, iat: "yesterday" }), /"iat"/],
    ["that is garbage", "a.b.c", /./],
  ];

  test.each(cases)("%s", async (_why, text, reason) => {
    expect(await refusal(text)).toMatch(reason);
  });
});
