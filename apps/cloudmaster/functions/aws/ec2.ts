/** EC2's Query API: signed forms in, XML out (docs.aws.amazon.com/AWSEC2/latest/APIReference). */
import { AwsV4Signer } from "aws4fetch";
import type { Parsed } from "../../../../packages/xml/xml.ts";
import { all, at, parseXml, text } from "../../../../packages/xml/xml.ts";
import type { Format } from "../shared/rest.ts";
import { createSend, RestError, UnreachableError } from "../shared/rest.ts";
import type { AwsSettings } from "./settings.ts";

/** Parameters of an action; a list becomes `Name.1`, `Name.2` ..., an object `Name.Member`; undefined is left out. */
export type Parameter = string | number | undefined | readonly Parameter[] | { readonly [member: string]: Parameter };

export interface Ec2 {
  /** The answer's root element. @throws RestError, UnreachableError */
  call(action: string, parameters: Readonly<Record<string, Parameter>>): Promise<Parsed>;
  /** The items of a list (`imagesSet` ...) over all pages. */
  list(action: string, set: string, parameters: Readonly<Record<string, Parameter>>): Promise<Parsed[]>;
}

const VERSION = "2016-11-15";

const XML: Format = {
  accept: "application/xml",
  name: "XML",
  parse: (body) => {
    const parsed = parseXml(body);
    // A web page parses, too, more or less.
    if (at(parsed, "html") !== undefined || at(parsed, "HTML") !== undefined) throw new Error("a web page");
    return parsed;
  },
  words: (body) => text(errorOf(body), "Message"),
};

export function openEc2(settings: AwsSettings): Ec2 {
  const send = createSend({ cloud: "AWS", format: XML });
  const { accessKeyId, secretAccessKey, sessionToken, region } = settings;
  const url = `${settings.endpoint ?? endpointOf(region)}/`;

  async function call(action: string, parameters: Readonly<Record<string, Parameter>>): Promise<Parsed> {
    const form = new URLSearchParams({ Action: action, Version: VERSION });
    for (const [name, value] of Object.entries(parameters)) write(form, name, value);
    const body = form.toString();
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const credentials = { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
    const signer = new AwsV4Signer({ method: "POST", url, headers, body, service: "ec2", region, ...credentials });
    const signed = await signer.sign();
    const answer = await send({ method: "POST", url, headers: Object.fromEntries(signed.headers), body: form });
    const root = at(answer.body as Parsed, `${action}Response`);
    if (root === undefined)
      throw new UnreachableError(`what answered ${action} is no EC2: is \`region\` or \`endpoint\` right?`);
    return root;
  }

  async function list(action: string, set: string, parameters: Readonly<Record<string, Parameter>>): Promise<Parsed[]> {
    const items: Parsed[] = [];
    for (let token: string | undefined = ""; token !== undefined; ) {
      const page: Parsed = await call(action, { ...parameters, ...(token === "" ? {} : { NextToken: token }) });
      items.push(...all(page, set, "item"));
      token = text(page, "nextToken") || undefined;
    }
    return items;
  }

  return { call, list };
}

/** Regions of China have a domain of their own. */
function endpointOf(region: string): string {
  return `https://ec2.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}`;
}

function write(form: URLSearchParams, name: string, value: Parameter): void {
  if (value === undefined) return;
  if (Array.isArray(value)) value.forEach((item: Parameter, index) => void write(form, `${name}.${index + 1}`, item));
  else if (typeof value === "object")
    for (const [member, inner] of Object.entries(value)) write(form, `${name}.${member}`, inner);
  else form.append(name, String(value));
}

/** EC2's own code of a refusal, for example `InstanceLimitExceeded`. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof RestError ? text(errorOf(error.body), "Code") : undefined;
}

function errorOf(body: unknown): Parsed | undefined {
  return at(body as Parsed | undefined, "Response", "Errors", "Error");
}

/** Filters as the API has them. */
export function filters(wanted: Readonly<Record<string, readonly string[]>>): Parameter {
  return Object.entries(wanted).map(([Name, Value]) => ({ Name, Value }));
}
