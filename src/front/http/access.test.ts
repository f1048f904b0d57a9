import type { IncomingHttpHeaders } from "node:http";
import { describe, expect, test } from "vitest";
import { DispatchError } from "../../core/shared/errors.ts";
import type { Principal } from "../../core/shared/principal.ts";
import { type AccessRules, authenticate, authenticateAtDoor, refuseForeignPages } from "./access.ts";

const ci: Principal = { kind: "service-account", id: "a/ci", organization: "a", via: "rest" };

const runToken = `${"1".repeat(36)}.${"2".repeat(36)}`;
const endedToken = `${"1".repeat(36)}.${"3".repeat(36)}`;
const run: Principal = { kind: "function", id: "run", organization: "a", via: "door", people: [] };

function rules(auth: "none" | "token", loopbackOnly = true): AccessRules {
  return {
    auth,
    loopbackOnly,
    origins: new Set(["http://localhost:3000"]),
    isAdministrator: (token) => token === "admin-token",
    runOf: (token) => (token === runToken ? run : undefined),
    accountOf: async (token) => {
      if (token === "j.w.t") return ci;
      throw new DispatchError("INVALID_CREDENTIALS", { message: "unable to validate bearer token: no" });
    },
  };
}

/** Who it is, or what the refusal says. */
async function who(auth: "none" | "token", headers: IncomingHttpHeaders): Promise<string> {
  return told(async () => {
    const all = { host: "127.0.0.1", ...headers };
    refuseForeignPages(rules(auth), all);
    return authenticate(rules(auth), all);
  });
}

/** The same at the function door of an organization; `busy` says whether the worker at the other end has a run. */
async function whoAtDoor(headers: IncomingHttpHeaders, organization = "a", busy = true): Promise<string> {
  const connection = { organization, run: async () => (busy ? { ...run, id: "busy" } : undefined) };
  return told(() => authenticateAtDoor(rules("none"), headers, connection));
}

async function told(identify: () => Promise<Principal>): Promise<string> {
  try {
    const { kind, id } = await identify();
    return `${kind} ${id}`;
  } catch (error) {
    const { code, message } = error as DispatchError;
    return `${code} ${message}`;
  }
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const unauthenticated = "401 unauthenticated for invalid credentials";

describe("under --auth token", () => {
  test("the administrator shows the token, an account a JSON Web Token", async () => {
    expect(await who("token", bearer("admin-token"))).toBe("administrator administrator");
    expect(await who("token", { authorization: "bearer  admin-token" })).toBe("administrator administrator");
    expect(await who("token", bearer("j.w.t"))).toBe("service-account a/ci");
    expect(await who("token", { ...bearer("j.w.t"), cookie: "unset" })).toBe("service-account a/ci");
  });

  test("nothing, a cookie and any other token are nobody", async () => {
    for (const headers of [{}, { cookie: "cookie" }, bearer("secret"), { authorization: "" }]) {
      expect(await who("token", headers)).toBe(unauthenticated);
    }
  });

  test("a refusal says what was wrong with a token", async () => {
    expect(await who("token", bearer("x.y.z"))).toBe("401 unable to validate bearer token: no");
    expect(await who("token", { authorization: "Basic YTpi" })).toBe(
      "401 invalid Authorization header, it must be of form 'Authorization: Bearer <token>'",
    );
  });

  test("the name of the host and the origin of a page do not matter", async () => {
    const foreign = { host: "dispatch.example.com", origin: "https://pages.example.com" };
    expect(await who("token", { ...foreign, ...bearer("admin-token") })).toBe("administrator administrator");
  });
});

describe("under --auth none", () => {
  test("any credential is the administrator, a wrong one, too", async () => {
    for (const headers of [
      { cookie: "cookie" },
      bearer("anything"),
      bearer("x.y.z"),
      { authorization: "Basic YTpi" },
    ]) {
      expect(await who("none", headers)).toBe("administrator administrator");
    }
  });

  test("no credential at all is nobody, as it always was", async () => {
    expect(await who("none", {})).toBe(unauthenticated);
    expect(await who("none", { cookie: "" })).toBe(unauthenticated);
  });

  test.each(["127.0.0.1:8080", "127.9.9.9", "localhost:8080", "[::1]:8080"])("%s is this machine", async (host) => {
    expect(await who("none", { cookie: "c", host })).toBe("administrator administrator");
  });

  test("HTTP/1.0 without a Host header comes from no browser", async () => {
    expect(await who("none", { cookie: "c", host: undefined })).toBe("administrator administrator");
    expect(await who("none", { cookie: "c", host: "" })).toMatch(/^403 the Host header is empty/);
  });

  test.each([
    [{ host: "dispatch.example.com" }, /^403 the name dispatch\.example\.com in the Host header/],
    [{ host: "localhost.example.com" }, /^403 the name/],
    [{ host: "127.0.0.1.example.com" }, /^403 the name/],
    [{ origin: "https://pages.example.com" }, /^403 pages of https:\/\/pages\.example\.com may not call/],
    [{ origin: "null" }, /^403 pages of null/],
    [{ origin: "http://localhost:3001" }, /^403 pages of http:\/\/localhost:3001 may not call/],
    [{ origin: "http://127.0.0.1:9000" }, /^403 pages of/],
    [{ "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" }, /^403 other servers' pages may not embed/],
    [{ "sec-fetch-site": "same-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe" }, /^403 other/],
  ])("%o may be a page that pretends", async (headers, refusal) => {
    expect(await who("none", { cookie: "c", ...headers })).toMatch(refusal);
  });

  test.each([
    { origin: "http://127.0.0.1" },
    { host: "localhost:8080", origin: "http://localhost:8080" },
    { origin: "http://localhost:3000" },
    { "sec-fetch-site": "same-origin", "sec-fetch-mode": "no-cors" },
    { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" },
  ])("the server's own pages, those that were named, and whoever follows a link may call: %o", async (headers) => {
    expect(await who("none", { cookie: "c", ...headers })).toBe("administrator administrator");
  });
});

describe("at the function door", () => {
  const noToken = /^401 this is not the token of a run/;

  test("a run is itself by its token, in its own organization only", async () => {
    expect(await whoAtDoor(bearer(runToken))).toBe("function run");
    expect(await whoAtDoor(bearer(runToken), "b")).toMatch(noToken);
  });

  test("without a token it is what the worker is busy with, and nobody else gets in", async () => {
    expect(await whoAtDoor({ cookie: "cookie" })).toBe("function busy");
    expect(await whoAtDoor({ cookie: "cookie" }, "a", false)).toMatch(/^401 nobody is known/);
    expect(await whoAtDoor({})).toBe(unauthenticated);
  });

  test("a token that is wrong is never taken for none", async () => {
    for (const token of [endedToken, "admin-token", "j.w.t", "cookie"]) {
      expect(await whoAtDoor({ cookie: "cookie", ...bearer(token) })).toMatch(noToken);
    }
    expect(await whoAtDoor({ cookie: "cookie", authorization: "Basic YTpi" })).toMatch(noToken);
  });
});

describe.each(["none", "token"] as const)("at the front under --auth %s", (auth) => {
  test("a run is still only a run, and nobody once it has ended", async () => {
    expect(await who(auth, bearer(runToken))).toBe("function run");
    expect(await who(auth, { cookie: "cookie", ...bearer(endedToken) })).toMatch(/^401 this is not the token/);
  });
});

describe("under --auth none on an address that others reach", () => {
  const call = async (given: IncomingHttpHeaders) => {
    const headers = { cookie: "cookie", ...given };
    refuseForeignPages(rules("none", false), headers);
    return authenticate(rules("none", false), headers);
  };

  test("the server answers to its other names, also for pages of its own", async () => {
    expect((await call({ host: "10.1.2.3:8080" })).kind).toBe("administrator");
    expect((await call({ host: "dispatch.lan:8080", origin: "http://dispatch.lan:8080" })).kind).toBe("administrator");
  });

  test("pages of other servers are still refused", async () => {
    await expect(call({ host: "dispatch.lan:8080", origin: "https://pages.example.com" })).rejects.toThrow(
      "pages of https://pages.example.com may not call this server",
    );
  });
});
