/** What every service asks before it does anything: may this principal do this? Who answers is core/iam. */
import type { Action } from "./contract.ts";
import type { Person, Principal } from "./principal.ts";

/**
 * `use`: hand a secret's values to a function. `reveal`: read them (decisions 17). `emit`: send an event, which `create`
 * of events includes. The names are those of policy rules, where `*` means all of them.
 */
export type Right = Action | "use" | "reveal" | "emit";

export interface Permission {
  /** The second segment of a REST path: `function`, `runs`, `secret`, `iam` ... */
  readonly resource: string;
  readonly action: Right;
  /** `EVERYWHERE` for what concerns all organizations. */
  readonly organization: string;
}

/** No organization has this name. What is asked for it needs a global policy. */
export const EVERYWHERE = "";

/** What somebody wrote. */
export interface Authored {
  /** `function hello` */
  readonly words: string;
  readonly author: Person;
}

export interface Iam {
  permits(principal: Principal, permission: Permission): boolean;
  /** @throws FORBIDDEN with a sentence. */
  authorize(principal: Principal, permission: Permission): void;
  /** Everybody for whom something acts that this caller starts. @throws FORBIDDEN that names an author who is gone. */
  delegate(caller: Principal, authored: Authored): readonly Person[];
  /** Why what acts for the author can do nothing: they are gone, or may not do what it needs; undefined while it can. */
  hindrance(authored: Authored, needed?: Permission): string | undefined;
}
