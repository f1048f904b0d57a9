/** The parameters of a request in AWS's query form: `Filter.1.Name=...&Filter.1.Value.1=...`. */
import { Ec2Error } from "./errors.ts";

export interface Tag {
  readonly key: string;
  readonly value: string;
}

export interface Filter {
  readonly name: string;
  readonly values: readonly string[];
}

/** @throws Ec2Error MissingParameter when `name` is absent or empty. */
export function required(parameters: URLSearchParams, name: string): string {
  const value = parameters.get(name);
  if (value) return value;
  throw new Ec2Error(400, "MissingParameter", `The request must contain the parameter ${name}`);
}

/** The values of `name.1`, `name.2` ... in order, or of `name.1.member`, `name.2.member` ... */
export function list(parameters: URLSearchParams, name: string, member?: string): string[] {
  const values: string[] = [];
  for (let index = 1; ; index++) {
    const value = parameters.get(member === undefined ? `${name}.${index}` : `${name}.${index}.${member}`);
    if (value === null) return values;
    values.push(value);
  }
}

/** `Filter.N.Name` with `Filter.N.Value.M`. */
export function filters(parameters: URLSearchParams): Filter[] {
  return list(parameters, "Filter", "Name").map((name, index) => ({
    name,
    values: list(parameters, `Filter.${index + 1}.Value`),
  }));
}

/** `<prefix>.N.Key` with `<prefix>.N.Value`. */
export function tags(parameters: URLSearchParams, prefix: string): Tag[] {
  return list(parameters, prefix, "Key").map((key, index) => ({
    key,
    value: parameters.get(`${prefix}.${index + 1}.Value`) ?? "",
  }));
}

/** A whole number within bounds. @throws Ec2Error InvalidParameterValue */
export function integer(
  parameters: URLSearchParams,
  name: string,
  bounds: { readonly min: number; readonly max: number },
): number | undefined {
  const text = parameters.get(name);
  if (text === null) return undefined;
  const value = Number(text);
  if (Number.isInteger(value) && value >= bounds.min && value <= bounds.max) return value;
  throw new Ec2Error(
    400,
    "InvalidParameterValue",
    `Value ( ${text} ) for parameter ${name} is invalid. Expecting a value between ${bounds.min} and ${bounds.max}.`,
  );
}
