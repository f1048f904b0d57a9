import { describe, expect, test } from "vitest";
import type { Endpoint } from "./endpoint.ts";
import { EndpointTable } from "./matching.ts";
import { shadowing } from "./shadowing.ts";

let order = 0;

function endpoint(name: string, given: Partial<Endpoint> = {}): Endpoint {
  order += 1;
  return {
    organization: "dispatch-server",
    name,
    functionName: "echo",
    authentication: "public",
    cors: false,
    enabled: true,
    httpResponse: false,
    rawBody: false,
    hosts: [],
    methods: ["POST"],
    protocols: [],
    paths: [],
    people: [],
    order,
    ...given,
  };
}

function match(endpoints: Endpoint[], request: string, host = "127.0.0.1"): string | undefined {
  const [method = "", path = ""] = request.split(" ");
  return new EndpointTable("dispatch-server", () => endpoints).match({ host, path, method })?.name;
}

/** What is said of an endpoint among others. */
function said(of: Endpoint, others: Endpoint[]): string[] {
  return shadowing(of, new EndpointTable("dispatch-server", () => [of, ...others]).rivals(of));
}

describe("an endpoint with a path", () => {
  const shop = endpoint("shop", { organization: "shop", paths: ["/shop/buy"] });

  test.each([
    ["POST /shop/buy", "shop"],
    ["GET /shop/buy", undefined],
    ["POST /shop/buy/", undefined],
    ["POST /Shop/buy", undefined],
    ["POST /shop", undefined],
    ["POST /buy", undefined],
    ["OPTIONS /shop/buy", "shop"],
  ])("answers %s: %s", (request, name) => {
    expect(match([shop], request)).toBe(name);
  });

  test("does not answer while it is disabled", () => {
    expect(match([{ ...shop, enabled: false }], "POST /shop/buy")).toBeUndefined();
  });

  test("answers every method when it lists none", () => {
    expect(match([{ ...shop, methods: [] }], "PATCH /shop/buy")).toBe("shop");
  });
});

describe("the gateway organization", () => {
  const hello = endpoint("hello", { paths: ["/dispatch-server/hello"] });

  test("answers with and without its prefix", () => {
    expect(match([hello], "POST /dispatch-server/hello")).toBe("hello");
    expect(match([hello], "POST /hello")).toBe("hello");
  });

  test("cannot take a bare path that begins with another organization's name", () => {
    const thief = endpoint("thief", { paths: ["/dispatch-server/shop/buy"] });
    const shop = endpoint("shop", { organization: "shop", paths: ["/shop/sell"], enabled: false });
    expect(match([thief, shop], "POST /shop/buy")).toBeUndefined();
    expect(match([thief], "POST /shop/buy")).toBe("thief");
  });

  test("answers everything below its prefix and on bare paths with an endpoint that lists methods alone", () => {
    const all = endpoint("all");
    const shop = endpoint("shop", { organization: "shop", paths: ["/shop/sell"] });
    expect(match([all, shop], "POST /dispatch-server/x")).toBe("all");
    expect(match([all, shop], "POST /x")).toBe("all");
    expect(match([all, shop], "POST /shop/x")).toBeUndefined();
    expect(match([all, shop], "GET /x")).toBeUndefined();
  });
});

describe("hosts", () => {
  const bound = endpoint("bound", { hosts: ["api.example.com", "::1"], paths: ["/gcp"] });
  const free = endpoint("free", { paths: ["/dispatch-server/gcp"] });

  test("bind an endpoint to themselves, IPv6 literals too", () => {
    expect(match([bound], "POST /gcp", "api.example.com")).toBe("bound");
    expect(match([bound], "POST /gcp", "::1")).toBe("bound");
    expect(match([bound], "POST /gcp", "other.example.com")).toBeUndefined();
  });

  test("win over a bare path", () => {
    expect(match([bound, free], "POST /gcp", "api.example.com")).toBe("bound");
    expect(match([bound, free], "POST /gcp")).toBe("free");
  });

  test("do not matter to a request without one", () => {
    expect(match([bound], "POST /gcp", "")).toBe("bound");
  });

  test("alone are enough for an endpoint, which then answers every path there", () => {
    const all = endpoint("all", { hosts: ["api.example.com"], methods: [] });
    expect(match([all], "GET /anything", "api.example.com")).toBe("all");
    expect(match([all], "GET /anything", "example.com")).toBeUndefined();
  });

  test("do not let one organization take a path that carries another one's prefix", () => {
    const shop = endpoint("shop", { organization: "shop", paths: ["/shop/buy"] });
    const thief = endpoint("thief", { organization: "thief", hosts: ["127.0.0.1"], paths: ["/shop/buy"] });
    expect(match([shop, thief], "POST /shop/buy")).toBe("shop");
  });

  test("belong to the organization that claimed them first", () => {
    const first = endpoint("first", { organization: "a", hosts: ["h"], paths: ["/x"] });
    const second = endpoint("second", { organization: "b", hosts: ["h"], paths: ["/x"] });
    expect(match([second, first], "POST /x", "h")).toBe("first");
  });
});

test("an endpoint without paths, methods and hosts never answers", () => {
  expect(match([endpoint("nothing", { methods: [] })], "POST /dispatch-server/x")).toBeUndefined();
});

describe("two endpoints of one organization on an equal path and method", () => {
  const older = endpoint("cloudmaster", { paths: ["/dispatch-server/cloudmaster"] });
  const younger = endpoint("echo", { paths: ["/dispatch-server/cloudmaster"] });

  test("the youngest enabled one answers", () => {
    expect(match([younger, older], "POST /cloudmaster")).toBe("echo");
    expect(match([older, { ...younger, enabled: false }], "POST /cloudmaster")).toBe("cloudmaster");
  });

  test("both say so", () => {
    expect(said(younger, [older])).toEqual([
      "shadows API cloudmaster: POST /dispatch-server/cloudmaster is answered by this younger one",
    ]);
    expect(said(older, [younger])).toEqual([
      "shadowed by API echo: POST /dispatch-server/cloudmaster is answered by that younger one",
    ]);
  });

  test("a table hears of changes when it is told to look again", () => {
    const endpoints = [older];
    const table = new EndpointTable("dispatch-server", () => endpoints);
    const query = { host: "", path: "/cloudmaster", method: "POST" };
    expect(table.match(query)?.name).toBe("cloudmaster");
    endpoints.push(younger);
    table.invalidate();
    expect(table.match(query)?.name).toBe("echo");
    expect(table.rivals(older).map(({ rival }) => rival)).toEqual([younger]);
  });
});

describe("nothing is shadowed", () => {
  const one = endpoint("one", { paths: ["/dispatch-server/x"] });

  test.each([
    ["by other methods", { methods: ["GET"] }],
    ["by other paths", { paths: ["/dispatch-server/y"] }],
    ["by other hosts", { hosts: ["h"] }],
  ])("%s", (_, difference) => {
    expect(said(one, [endpoint("two", { paths: one.paths, ...difference })])).toEqual([]);
  });

  test("by a disabled endpoint", () => {
    expect(said({ ...one, enabled: false }, [endpoint("two", { paths: one.paths })])).toEqual([]);
  });
});

test("endpoints of another organization are not named", () => {
  const first = endpoint("first", { organization: "a", hosts: ["h"], paths: ["/x"] });
  const second = endpoint("second", { organization: "b", hosts: ["h"], paths: ["/x"], methods: [] });
  expect(said(second, [first])).toEqual([
    "POST h/x is answered by an API of another organization, whose claim comes first",
  ]);
  expect(said(first, [second])).toEqual(["POST h/x is also claimed by another organization, in vain"]);
});

describe("a bare path of the gateway organization", () => {
  const owner = endpoint("owner", { paths: ["/dispatch-server/cloudmaster"] });
  const guest = endpoint("guest", { organization: "team-b", hosts: ["b.example.com"], paths: ["/cloudmaster"] });
  const all = endpoint("all", { organization: "team-b", hosts: ["b.example.com"], methods: [] });

  test.each(["", "127.0.0.1", "b.example.com"])(
    "ranks before another organization's host endpoint at host %j",
    (host) => {
      expect(match([guest, all, owner], "POST /cloudmaster", host)).toBe("owner");
    },
  );

  test("leaves what it does not list to the host's owner", () => {
    expect(match([guest, all, owner], "POST /other", "b.example.com")).toBe("all");
    expect(match([guest, { ...owner, enabled: false }], "POST /cloudmaster", "b.example.com")).toBe("guest");
  });

  test("yields to its own organization's endpoint for that host", () => {
    const own = endpoint("own", { hosts: ["example.com"], paths: ["/cloudmaster"] });
    expect(match([own, guest, owner], "POST /cloudmaster", "example.com")).toBe("own");
  });

  test("and what it shadows both say so", () => {
    expect(said(guest, [owner])).toEqual([
      "POST b.example.com/cloudmaster is answered by an API of another organization, whose claim comes first",
    ]);
    expect(said(owner, [guest])).toEqual([
      "POST b.example.com/cloudmaster is also claimed by another organization, in vain",
    ]);
  });
});
