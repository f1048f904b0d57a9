/**
 * Rights follow the person (decisions 18e). A run acts for the author of its function and for its caller: it may what both
 * may. Through an endpoint, a subscription or a driver the caller is whoever wrote that; through another run it is everybody
 * for whom that one acts. What has no author counts as the administrator's.
 */

import type { Permission } from "../shared/iam.ts";
import { ADMINISTRATOR, BY_ADMINISTRATOR, type Person, type Principal, peopleOf } from "../shared/principal.ts";

const ACCOUNT = "service-account:";

/** The account, `organization/name`, of a person that is one. */
export function accountOfPerson(person: Person): string | undefined {
  return person.startsWith(ACCOUNT) ? person.slice(ACCOUNT.length) : undefined;
}

/** A person as a principal that can be judged. */
export function principalOfPerson(person: Person): Principal {
  const id = accountOfPerson(person);
  if (id === undefined) return { kind: "administrator", id: "administrator", organization: "", via: "internal" };
  return { kind: "service-account", id, organization: id.split("/", 1)[0] ?? "", via: "internal" };
}

/** Everybody for whom a run acts: its callers and the author of its function, each once. */
export function joinPeople(caller: Principal, author: Person): readonly Person[] {
  const people = peopleOf(caller);
  if (people === BY_ADMINISTRATOR && author === ADMINISTRATOR) return people;
  return people.includes(author) ? people : [...people, author].sort();
}

/** The rights that principals of each kind need for their work; they never get more than these. */
const needs: Readonly<Record<string, ReadonlySet<string>>> = {
  function: new Set([
    "runs create",
    "runs get",
    "secret use",
    "event emit",
    "state get",
    "state update",
    "state delete",
  ]),
  connection: new Set(["runs create", "secret use", "event emit"]),
  endpoint: new Set(["runs create"]),
  subscription: new Set(["runs create", "secret use"]),
  driver: new Set(["event emit"]),
  alert: new Set(["runs create"]),
};

/** Whether a principal that acts for others ever needs this: only in its own organization, and only what its kind needs. */
export function isNeeded({ kind, via, organization }: Principal, permission: Permission): boolean {
  const rights = needs[via === "connection" ? via : kind];
  return (
    organization === permission.organization && rights?.has(`${permission.resource} ${permission.action}`) === true
  );
}
