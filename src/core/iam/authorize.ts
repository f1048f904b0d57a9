/** Who may do what: judged by what kind of principal asks, and for whom it acts. */
import { DispatchError } from "../shared/errors.ts";
import { EVERYWHERE, type Iam, type Permission } from "../shared/iam.ts";
import { ADMINISTRATOR, type Person, type Principal, peopleOf } from "../shared/principal.ts";
import { accountOfPerson, isNeeded, joinPeople, principalOfPerson } from "./delegation.ts";

/** What is known of service accounts. */
export interface Accounts {
  /** Whether the policies let one do this. */
  judge(account: Principal, permission: Permission): boolean;
  /** Whether there is one of this name, `organization/name`. */
  exists(account: string): boolean;
  /** Under `--auth none` everybody is the administrator. */
  readonly everybodyIsAdministrator: boolean;
}

/**
 * Administrators and the server itself may do all, service accounts what `judge` says, everything that acts for people
 * what its kind needs and all of them may.
 */
export function createIam(accounts: Accounts): Iam {
  const isGone = (person: Person): boolean => {
    const account = accounts.everybodyIsAdministrator ? undefined : accountOfPerson(person);
    return account !== undefined && !accounts.exists(account);
  };
  const personMay = (person: Person, permission: Permission): boolean => {
    if (person === ADMINISTRATOR || accounts.everybodyIsAdministrator) return true;
    return accountOfPerson(person) !== undefined && !isGone(person)
      ? accounts.judge(principalOfPerson(person), permission)
      : false;
  };
  const permits = (principal: Principal, permission: Permission): boolean => {
    const { kind } = principal;
    if (kind === "administrator" || kind === "system") return true;
    if (kind === "service-account") return accounts.judge(principal, permission);
    if (!isNeeded(principal, permission)) return false;
    // A principal that acts for others but names nobody gets no rights.
    if (principal.people === undefined) return false;
    for (const person of principal.people) if (!personMay(person, permission)) return false;
    return true;
  };
  return {
    permits,
    authorize: (principal, permission) => {
      if (permits(principal, permission)) return;
      const gone = (principal.people ?? []).find(isGone);
      const refused = (principal.people ?? []).find((person) => !personMay(person, permission));
      throw new DispatchError("FORBIDDEN", {
        message: gone === undefined ? refusal(principal, permission, refused) : departed(wordsOf(principal), gone),
      });
    },
    hindrance: ({ words, author }, needed) => {
      if (isGone(author)) return departed(words, author);
      if (needed === undefined || personMay(author, needed)) return undefined;
      return `${words} acts for ${personWords(author)}, which ${mayNot(needed)}`;
    },
    delegate: (caller, { words, author }) => {
      if (isGone(author)) throw new DispatchError("FORBIDDEN", { message: departed(words, author) });
      const gone = peopleOf(caller).find(isGone);
      if (gone !== undefined) throw new DispatchError("FORBIDDEN", { message: departed(wordsOf(caller), gone) });
      return joinPeople(caller, author);
    },
  };
}

/** Why something that acts for a deleted account does nothing, and what to do. */
function departed(words: string, person: Person): string {
  return `${words} acts for service account ${accountOfPerson(person) ?? person}, which was deleted: write it again (dispatch update), which makes it act for whoever does that`;
}

function wordsOf({ kind, id }: Principal): string {
  return `${kind.replace("-", " ")} ${id}`;
}

function refusal(principal: Principal, permission: Permission, refused: Person | undefined): string {
  const { resource, action, organization } = permission;
  const { kind, organization: home } = principal;
  const who = wordsOf(principal);
  if (kind === "service-account" || (refused !== undefined && isNeeded(principal, permission))) {
    const acting = kind === "service-account" ? who : `${who} acts for ${personWords(refused)}, which`;
    return `${acting} ${mayNot(permission)}`;
  }
  if (home !== organization && organization !== EVERYWHERE)
    return `${who} belongs to organization ${home}, not to ${organization}`;
  const hint = principal.via === "connection" ? " without its token (context.dispatch.token)" : "";
  return `${who} may not ${action} ${resource}${hint}`;
}

function mayNot({ resource, action, organization }: Permission): string {
  const where = organization === EVERYWHERE ? "in all organizations" : `in organization ${organization}`;
  return `may not ${action} ${resource} ${where}: no policy allows it`;
}

function personWords(person: Person | undefined): string {
  return (person ?? "").replace("service-account:", "service account ");
}

/** The rules without any policy. */
export const iam: Iam = createIam({ judge: () => false, exists: () => true, everybodyIsAdministrator: false });
