/** For tests: two organizations on one server that have everything under equal names. */
import { administratorOf, bearer, createAccount, grant, type KeyPair, keyPair, signedToken } from "../iam/accounts.ts";
import { type Dispatch, functionBody } from "../support/dispatch.ts";
import { type ServerProcess, startServer } from "../support/server.ts";

export const names = ["red", "blue"] as const;
export type Name = (typeof names)[number];

export interface Organization {
  readonly name: Name;
  /** The server's administrator, at work here. */
  readonly admin: Dispatch;
  /** The service account `ci`, which may do everything here. */
  readonly account: Dispatch;
  readonly keys: KeyPair;
}

export interface World {
  readonly server: ServerProcess;
  readonly red: Organization;
  readonly blue: Organization;
}

/** A kind of resource, and one of it that tells its organization. */
export interface KindOfResource {
  readonly kind: string;
  readonly path: string;
  readonly body: (organization: Name) => Readonly<Record<string, unknown>>;
}

/** What a resource carries to be told apart: a tag, or what its kind has instead. */
const tags = (organization: Name) => ({ tags: [{ key: "owner", value: organization }] });
const rule = (organization: Name) => ({ subjects: [`${organization}-subject`], actions: ["get"], resources: ["none"] });
const publicKeys = { red: keyPair().publicKey, blue: keyPair().publicKey };
const base = { dockerUrl: "dispatchframework/nodejs-base:1", language: "nodejs" };
const source = { "f.js": "module.exports = () => 0;" };

export const kinds: readonly KindOfResource[] = [
  { kind: "secret", path: "/v1/secret", body: (of) => ({ secrets: { owner: of }, ...tags(of) }) },
  { kind: "base image", path: "/v1/baseimage", body: (of) => ({ ...base, ...tags(of) }) },
  { kind: "image", path: "/v1/image", body: (of) => ({ baseImageName: "nodejs-base", ...tags(of) }) },
  { kind: "function", path: "/v1/function", body: (of) => functionBody("same", source, tags(of)) },
  { kind: "API", path: "/v1/api", body: (of) => ({ function: "who", uris: ["/same"], ...tags(of) }) },
  { kind: "application", path: "/v1/application", body: tags },
  { kind: "policy", path: "/v1/iam/policy", body: (of) => ({ rules: [rule(of)] }) },
  { kind: "service account", path: "/v1/iam/serviceaccount", body: (of) => ({ publicKey: publicKeys[of] }) },
  {
    kind: "subscription",
    path: "/v1/event/subscriptions",
    body: (of) => ({ eventType: "vm.deployed", function: "who", ...tags(of) }),
  },
  {
    kind: "event driver type",
    path: "/v1/event/drivertypes",
    body: (of) => ({ image: "dispatchframework/ticker", ...tags(of) }),
  },
];

/** What `who` answers: where it runs, and whose secret it was given. */
function whoSource(organization: Name): Record<string, string> {
  const text = `module.exports = ({ secrets, dispatch }) => ({ of: "${organization}", in: dispatch.organization, secrets });`;
  return { "who.js": text };
}

/** Calls the function door as `input` says: `token` is the run's own, or the old cookie. */
const callerSource = {
  "caller.js": `module.exports = async ({ dispatch }, { method = "GET", path, organization, own, body }) => {
    const credential = own ? { authorization: "Bearer " + dispatch.token } : { cookie: "cookie" };
    const headers = { "x-dispatch-org": organization, "content-type": "application/json", ...credential };
    const answer = await fetch(dispatch.url + path, { method, headers, body: body && JSON.stringify(body) });
    return { status: answer.status, text: await answer.text() };
  };`,
};

export async function createWorld(): Promise<World> {
  const server = await startServer({ flags: ["--auth", "token"] });
  const [red, blue] = await Promise.all(names.map((name) => createOrganization(server, name)));
  return { server, red: red as Organization, blue: blue as Organization };
}

async function createOrganization(server: ServerProcess, name: Name): Promise<Organization> {
  const admin = await administratorOf(server, name);
  await admin.post("/v1/iam/organization", { name });
  const keys = await createAccount(admin, "ci");
  await grant(admin, "managers", { subjects: ["ci"], resources: ["*"], actions: ["*"] });
  await admin.post("/v1/secret", { name: "badge", secrets: { owner: name } });
  await admin.createImage("nodejs");
  await admin.createFunction("who", whoSource(name), { secrets: ["badge"] });
  await admin.createFunction("caller", callerSource);
  await admin.post("/v1/api", { name: "who", function: "who", enabled: true, methods: ["GET"], uris: ["/who"] });
  return { name, admin, account: bearer(server, name, signedToken(`${name}/ci`, keys)), keys };
}
