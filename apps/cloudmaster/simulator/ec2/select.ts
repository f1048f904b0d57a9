/** Which machines a DescribeInstances asks for. */
import type { Account, Machine } from "./account.ts";
import { Ec2Error } from "./errors.ts";
import type { Filter } from "./parameters.ts";

/** True when the machine fits every filter; values of one filter are alternatives. @throws Ec2Error for a filter EC2 does not have. */
export function fits(account: Account, machine: Machine, filters: readonly Filter[]): boolean {
  return filters.every((filter) => matchesFilter(filter, (name) => factsOf(account, machine, name)));
}

/** Whether one of the facts that the filter looks at fits one of its values. @throws Ec2Error for a filter without facts. */
export function matchesFilter(
  { name, values }: Filter,
  factsOf: (filter: string) => readonly (string | undefined)[],
): boolean {
  return factsOf(name).some((fact) => {
    if (fact === undefined) throw unknownFilter(name);
    return values.some((value) => matches(fact, value));
  });
}

function unknownFilter(name: string): Ec2Error {
  return new Ec2Error(400, "InvalidParameterValue", `The filter '${name}' is invalid`);
}

function factsOf(account: Account, machine: Machine, filter: string): readonly string[] {
  if (filter.startsWith("tag:")) return present(machine.tags.get(filter.slice("tag:".length)));
  switch (filter) {
    case "tag-key":
      return [...machine.tags.keys()];
    case "instance-state-name":
      return [account.state(machine)];
    case "instance-id":
      return [machine.id];
    case "image-id":
      return [machine.imageId];
    case "instance-type":
      return [machine.instanceType];
    case "client-token":
      return present(machine.clientToken);
    default:
      throw unknownFilter(filter);
  }
}

function present(value: string | undefined): readonly string[] {
  return value === undefined ? [] : [value];
}

/** EC2 knows `*` and `?`, and takes them literally behind a backslash. */
function matches(fact: string, pattern: string): boolean {
  const source = pattern.replace(/\\([*?\\])|([*?])|[^*?\\]+|\\/g, (piece, escaped?: string, wildcard?: string) => {
    if (wildcard !== undefined) return wildcard === "*" ? ".*" : ".";
    return RegExp.escape(escaped ?? piece);
  });
  return new RegExp(`^${source}$`, "s").test(fact);
}
