/** Gateway endpoints: stored like every resource, and kept in a table from which the gateway answers. */

import { unixSeconds } from "../shared/clock.ts";
import type { Action } from "../shared/contract.ts";
import { DispatchError } from "../shared/errors.ts";
import { type ResourcePorts, ResourceService, RUNS_FUNCTIONS, type Write } from "../store/resource-service.ts";
import type { ResourceRecord } from "../store/resource-store.ts";
import type { Api } from "./contract.ts";
import { type ApiDocument, apiToWire, type Endpoint, slackSecretOf, toDocument, toEndpoint } from "./endpoint.ts";
import { HostNames } from "./host-names.ts";
import { EndpointTable } from "./matching.ts";
import { neverCalled } from "./never-called.ts";
import { isFirstUse } from "./seen-signatures.ts";
import { shadowing } from "./shadowing.ts";
import { isWebhook } from "./signature.ts";

export interface FunctionState {
  readonly status: string;
  /** A revision answers calls, perhaps an older one while a new one is being built or has failed. */
  readonly serving: boolean;
  /** Why it refuses everybody. */
  readonly refusal?: string | undefined;
}

export interface ApisPorts extends ResourcePorts {
  /** The organization whose endpoints also answer without its prefix (decision 10). */
  readonly gatewayOrganization: string;
  /** Host names that were given to one organization each; all others are the gateway organization's. */
  readonly gatewayHosts: ReadonlyMap<string, string>;
  /** How a function stands, undefined when there is none of that name. */
  functionState(organization: string, name: string): FunctionState | undefined;
  /** Whether a key of a secret has a value; undefined when there is no such secret. */
  secretHas(organization: string, name: string, key: string): Promise<boolean | undefined>;
}

type ApiRecord = ResourceRecord<ApiDocument>;

export class Apis extends ResourceService<Api, ApiDocument> {
  /** What answers now; the gateway asks it for every request. */
  readonly endpoints: EndpointTable;
  readonly #ports: ApisPorts;
  readonly #hostNames: HostNames;

  constructor(ports: ApisPorts) {
    super({ kind: "API", word: "API", resource: "api", actsForAuthor: RUNS_FUNCTIONS }, ports);
    this.#ports = ports;
    this.#hostNames = new HostNames(ports.gatewayOrganization, ports.gatewayHosts);
    this.endpoints = new EndpointTable(ports.gatewayOrganization, () =>
      this.store.all().map((record) => this.#withOwnHosts(toEndpoint(record))),
    );
    ports.feed.subscribe("API", () => this.endpoints.invalidate());
  }

  override async load(): Promise<void> {
    await super.load();
    this.endpoints.invalidate();
  }

  /** False for a verified signature of a request that this organization received before. */
  isFirst(organization: string, signature: string): Promise<boolean> {
    return isFirstUse(this.#ports.database, organization, signature, unixSeconds());
  }

  /** Calls act for whoever wrote the endpoint, who must therefore be allowed what the endpoint does. */
  protected documentOf({ principal, organization, body }: Write<Api>): ApiDocument {
    const document = toDocument(organization, body);
    this.#checkHosts(organization, document);
    this.iam.authorize(principal, { resource: "runs", action: "create", organization });
    const checksSecret = document.authenticationSecret !== undefined || document.authentication === "slack";
    if (checksSecret) this.iam.authorize(principal, { resource: "secret", action: "use", organization });
    return document;
  }

  protected override refuseRename(name: string, bodyName: string): void {
    if (bodyName === name) return;
    const message = `the name of an API cannot be changed: the path says ${name}, the body ${bodyName}`;
    throw new DispatchError("BAD_REQUEST", { message });
  }

  /** READY means that the next call reaches the function (decision 23); until then the endpoint waits, and says for what. */
  protected async toWire(record: ApiRecord, action: Action): Promise<Api> {
    if (action === "delete") return apiToWire(record, { status: "DELETING" });
    const endpoint = this.#withOwnHosts(toEndpoint(record));
    const shadows = shadowing(endpoint, this.endpoints.rivals(endpoint));
    const wait = this.#waitsFor(record);
    const lost = this.#hostRefusals(record.organization, record.document);
    const unsigned = await this.#unsigned(endpoint);
    const vain = neverCalled(record.document);
    const reason = [wait, ...lost, ...vain, ...shadows, unsigned].filter((sentence) => sentence !== undefined);
    const status = wait === undefined ? "READY" : "INITIALIZED";
    return apiToWire(record, { status, ...(reason.length > 0 ? { reason } : {}) });
  }

  /** Why an endpoint cannot tell its sender from strangers yet (decision 14). */
  async #unsigned(endpoint: Endpoint): Promise<string | undefined> {
    const { authentication, authenticationSecret = "" } = endpoint;
    const isSlack = authentication === "slack";
    if (!isSlack && !isWebhook(authentication)) return undefined;
    const name = isSlack ? slackSecretOf(endpoint) : authenticationSecret;
    const has = await this.#ports.secretHas(endpoint.organization, name, "signingSecret");
    if (has === undefined) return `secret ${name} not found: calls get 503 until it is created`;
    if (has) return undefined;
    if (!isSlack) return `secret ${name} has no \`signingSecret\`: calls get 503 until it has one`;
    return `secret ${name} has no \`signingSecret\`: only this machine may call, unsigned; for Slack add the signing secret of its app to ${name}.json, then: dispatch update secret ${name} ${name}.json`;
  }

  #waitsFor({ organization, document }: ApiRecord): string | undefined {
    const state = this.#ports.functionState(organization, document.function);
    if (state === undefined) return `function ${document.function} not found: calls get 404 until it is created`;
    if (state.refusal !== undefined) return `calls get 403: ${state.refusal}`;
    return state.serving
      ? undefined
      : `function ${document.function} is ${state.status}: calls get 404 until it is READY`;
  }

  /** @throws FORBIDDEN for a host name that is another organization's. */
  #checkHosts(organization: string, document: ApiDocument): void {
    const [message] = this.#hostRefusals(organization, document);
    if (message !== undefined) throw new DispatchError("FORBIDDEN", { message });
  }

  #hostRefusals(organization: string, { hosts }: ApiDocument): string[] {
    return (hosts ?? []).flatMap((host) => this.#hostNames.refusal(organization, host) ?? []);
  }

  /** A name may have been given to another organization since the endpoint was written: then it answers there no more. */
  #withOwnHosts(endpoint: Endpoint): Endpoint {
    if (endpoint.hosts.length === 0) return endpoint;
    const hosts = endpoint.hosts.filter((host) => this.#hostNames.mayUse(endpoint.organization, host));
    return { ...endpoint, hosts, enabled: endpoint.enabled && hosts.length > 0 };
  }
}
