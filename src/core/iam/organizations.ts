/**
 * Organizations. Any name is a namespace of its own, whether or not it is listed here (server.md 3.1); a listed one can be
 * seen, and reached by accounts of others through a global policy. Each is stored under its own name.
 */

import { EVERYWHERE } from "../shared/iam.ts";
import type { Principal } from "../shared/principal.ts";
import type { ResourceList } from "../store/resource-list.ts";
import { type Asked, type ResourcePorts, ResourceService, type Write } from "../store/resource-service.ts";
import type { ResourceRecord } from "../store/resource-store.ts";
import type { Organization } from "./contract.ts";

interface OrganizationDocument {
  readonly keepRuns?: NonNullable<Organization["keepRuns"]>;
}

type OrganizationRecord = ResourceRecord<OrganizationDocument>;

export class Organizations extends ResourceService<Organization, OrganizationDocument> {
  constructor(ports: ResourcePorts) {
    super({ kind: "Organization", word: "organization", resource: "iam" }, ports);
  }

  override create(principal: Principal, _organization: string, body: Organization): Promise<Organization> {
    return super.create(principal, body.name, body);
  }

  override list(principal: Principal): ResourceList<Organization> {
    return super.list(principal, principal.organization);
  }

  override get(principal: Principal, _organization: string, name: string): Promise<Organization> {
    return super.get(principal, name, name);
  }

  override update(
    principal: Principal,
    _organization: string,
    name: string,
    body: Organization,
  ): Promise<Organization> {
    return super.update(principal, name, name, body);
  }

  /** Its contents stay. */
  override delete(principal: Principal, _organization: string, name: string): Promise<Organization | undefined> {
    return super.delete(principal, name, name);
  }

  has(organization: string): boolean {
    return this.find(organization, organization) !== undefined;
  }

  /** Organizations are made and changed by those who may do so everywhere. */
  protected override where({ action, organization }: Asked<Organization, OrganizationDocument>): string {
    return action === "get" ? organization : EVERYWHERE;
  }

  protected override seen(principal: Principal): OrganizationRecord[] {
    return this.store
      .all()
      .filter(({ name }) => this.iam.permits(principal, { resource: "iam", action: "get", organization: name }))
      .sort((one, other) => other.born - one.born);
  }

  protected documentOf({ body: { keepRuns } }: Write<Organization>): OrganizationDocument {
    return keepRuns === undefined ? {} : { keepRuns };
  }

  protected toWire({ id, name, created, modified, document }: OrganizationRecord): Organization {
    const { keepRuns } = document;
    const own = keepRuns === undefined ? {} : { keepRuns };
    return { createdTime: created, id, ...own, kind: "Organization", modifiedTime: modified, name, status: "READY" };
  }
}
