/** What is stored of an API, how a request becomes that, and how it looks on the wire (server.md 2.11, decisions 10 and 14). */
import { GITHUB, type SignatureRules } from "../../../packages/webhooks/rules.ts";
import { DispatchError } from "../shared/errors.ts";
import { ADMINISTRATOR, BY_ADMINISTRATOR, type Person } from "../shared/principal.ts";
import { wireTags } from "../shared/wire.ts";
import type { ResourceRecord } from "../store/resource-store.ts";
import type { Api } from "./contract.ts";
import { hostKey } from "./host-names.ts";
import { signatureOf } from "./signature.ts";

/** Who may call an endpoint (decision 14). */
export const authentications = ["public", "basic", "token", "slack", "github", "standard-webhooks", "hmac"] as const;
export type Authentication = (typeof authentications)[number];

/** An API as stored. Lists that were left out stay `null`, as clients expect them back. */
export interface ApiDocument {
  readonly function: string;
  /** The word as it was given; "" and absent mean `public`. */
  readonly authentication?: string;
  readonly authenticationSecret?: string;
  readonly signature?: SignatureRules;
  readonly cors: boolean;
  readonly enabled: boolean;
  readonly httpResponse: boolean;
  readonly rawBody?: boolean;
  readonly hosts: readonly string[] | null;
  readonly methods: readonly string[] | null;
  readonly protocols: readonly string[] | null;
  readonly uris: readonly string[] | null;
  readonly tls?: string;
  readonly tags: Api["tags"] | null;
}

/** An API as the gateway sees it: every list there, hosts and paths in the form that requests are compared with. */
export interface Endpoint {
  readonly organization: string;
  readonly name: string;
  readonly functionName: string;
  readonly authentication: Authentication;
  /** The secret of `basic`, `slack` and webhooks. */
  readonly authenticationSecret?: string;
  /** Of `hmac` and `github`. */
  readonly signature?: SignatureRules;
  readonly cors: boolean;
  readonly enabled: boolean;
  /** The function may answer `{statusCode, headers, body}` (decision 12). */
  readonly httpResponse: boolean;
  /** The function gets the body as it was sent, of whatever type, besides its input. */
  readonly rawBody: boolean;
  /** Without ports, as `hostKey` makes them. */
  readonly hosts: readonly string[];
  /** Upper case. */
  readonly methods: readonly string[];
  readonly protocols: readonly string[];
  /** Absolute paths; without hosts they begin with the organization. */
  readonly paths: readonly string[];
  /** Who wrote it: its calls act for them (decisions 18e). */
  readonly people: readonly Person[];
  /** Grows with every creation: among equals the youngest answers (decision 10). */
  readonly order: number;
}

/** Checks and normalises a request's API. @throws BAD_REQUEST that names what to write instead. */
export function toDocument(organization: string, api: Api): ApiDocument {
  checkAuthentication(api);
  const { authentication, authenticationSecret, tls } = api;
  const signature = signatureOf(api);
  const hosts = orNull(api.hosts);
  return {
    function: api.function,
    ...(authentication === undefined ? {} : { authentication }),
    ...(authenticationSecret ? { authenticationSecret } : {}),
    ...(signature === undefined ? {} : { signature }),
    cors: api.cors === true,
    enabled: api.enabled === true,
    httpResponse: api.httpResponse === true,
    ...(api.rawBody === true ? { rawBody: true } : {}),
    hosts,
    methods: orNull(api.methods)?.map((method) => method.toUpperCase()) ?? null,
    protocols: orNull(api.protocols),
    uris: orNull(api.uris)?.map((uri) => (hosts === null ? withOrganization(organization, uri) : uri)) ?? null,
    ...(tls === undefined ? {} : { tls }),
    tags: api.tags ?? null,
  };
}

function checkAuthentication({ authentication, authenticationSecret }: Api): void {
  const word = authentication || "public";
  if (!isAuthentication(word)) {
    const message = `authentication ${JSON.stringify(word)} is not known: use one of ${authentications.join(", ")}`;
    throw new DispatchError("BAD_REQUEST", { message });
  }
  if (word === "basic" && !authenticationSecret) {
    const message =
      "authentication basic needs authenticationSecret: the name of a secret that holds username and password, or one password per user name";
    throw new DispatchError("BAD_REQUEST", { message });
  }
}

function isAuthentication(word: string): word is Authentication {
  return (authentications as readonly string[]).includes(word);
}

/** Lists that are empty or null in a request are the same as lists that are not there. */
function orNull(list: readonly string[] | null | undefined): readonly string[] | null {
  return list && list.length > 0 ? list : null;
}

/** A path that already carries the prefix stays as it is: what was read can be sent back. */
function withOrganization(organization: string, uri: string): string {
  const prefix = `/${organization}/`;
  return uri.startsWith(prefix) ? uri : prefix + uri.replace(/^\//, "");
}

export function toEndpoint({ organization, name, born, author, document }: ResourceRecord<ApiDocument>): Endpoint {
  const { authenticationSecret, cors, enabled, httpResponse } = document;
  const word = document.authentication || "public";
  const signature = word === "github" ? GITHUB : document.signature;
  return {
    organization,
    name,
    functionName: document.function,
    // A stored word that is not known must never open the endpoint: `token` lets no stranger in.
    authentication: isAuthentication(word) ? word : "token",
    ...(authenticationSecret === undefined ? {} : { authenticationSecret }),
    ...(signature === undefined ? {} : { signature }),
    cors,
    enabled,
    httpResponse,
    rawBody: document.rawBody === true,
    hosts: (document.hosts ?? []).map(hostKey),
    methods: document.methods ?? [],
    protocols: document.protocols ?? [],
    paths: (document.uris ?? []).map((uri) => (uri.startsWith("/") ? uri : `/${uri}`)),
    people: author === ADMINISTRATOR ? BY_ADMINISTRATOR : [author],
    order: born,
  };
}

/** The secret of a `slack` endpoint; one that names none means `slack`. */
export function slackSecretOf({ authenticationSecret }: { readonly authenticationSecret?: string }): string {
  return authenticationSecret ?? "slack";
}

/** The API on the wire. False switches are left out, missing lists are `null`. */
export function apiToWire(record: ResourceRecord<ApiDocument>, state: Pick<Api, "status" | "reason">): Api {
  const { id, name, document } = record;
  const wire = {
    ...(document.authentication === undefined ? {} : { authentication: document.authentication }),
    ...(document.authenticationSecret === undefined ? {} : { authenticationSecret: document.authenticationSecret }),
    ...(document.cors ? { cors: true } : {}),
    ...(document.enabled ? { enabled: true } : {}),
    function: document.function,
    hosts: document.hosts,
    ...(document.httpResponse ? { httpResponse: true } : {}),
    id,
    kind: "API",
    methods: document.methods,
    name,
    protocols: document.protocols,
    ...(document.rawBody ? { rawBody: true } : {}),
    ...(document.signature === undefined ? {} : { signature: document.signature }),
    ...state,
    tags: wireTags(document.tags),
    ...(document.tls === undefined ? {} : { tls: document.tls }),
    uris: document.uris,
  };
  // The schema has no `null`; on the wire lists that were never given are null, as they always were.
  return wire as Api;
}
