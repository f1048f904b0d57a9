/**
 * CloudEvents 1.0 (https://github.com/cloudevents/spec, JSON format and HTTP binding) as the 0.1 form that everything here
 * works with (decisions 20). Attributes that 0.1 has no name for become its extensions. Pure.
 */
import { isUtf8 } from "node:buffer";
import { DispatchError } from "../shared/errors.ts";
import { elementTexts, memberText, parseBody, parseCause } from "../shared/json-text.ts";

type Attributes = Readonly<Record<string, unknown>>;

/** One structured event, JSON text in and out. @throws MALFORMED_BODY, INVALID_EVENT that names every attribute that fails */
export function fromStructured(text: string): string {
  const event = parseBody(text, "body") as Attributes;
  if (typeof event !== "object" || event === null || Array.isArray(event)) invalid(["the event is no JSON object"]);
  const { data: _data, data_base64: base64, ...attributes } = event;
  const data = memberText(text, "data");
  const { datacontenttype: type } = attributes;
  if (typeof type === "string" && /^text\//i.test(type) && data !== undefined && !/^\s*("|null)/.test(data))
    invalid([`data is no text, and datacontenttype is ${type}`]);
  if (base64 === undefined) return write(attributes, data);
  if (data !== undefined) invalid(["data and data_base64 are both there: send one"]);
  if (typeof base64 !== "string" || !/^[A-Za-z0-9+/]*={0,2}$/.test(base64)) invalid(["data_base64 is no base64 text"]);
  return write(attributes, dataOfBytes(Buffer.from(base64, "base64"), String(attributes.datacontenttype ?? "")));
}

/** The events of a batch, each as `fromStructured`. @throws MALFORMED_BODY, INVALID_EVENT */
export function fromBatch(text: string): string[] {
  const events: unknown = parseBody(text, "body");
  if (!Array.isArray(events)) invalid(["a batch is a JSON array of events"]);
  return elementTexts(text).map(fromElement);
}

/** An event of a batch; a refusal says which one is meant. */
function fromElement(text: string, index: number): string {
  try {
    return fromStructured(text);
  } catch (error) {
    if (!(error instanceof InvalidEvent)) throw error;
    throw new InvalidEvent([`event ${index + 1} of the batch: ${error.failures.join("; ")}`]);
  }
}

/** An event in binary mode: attributes from `ce-...` headers, the body as data. @throws INVALID_EVENT */
export function fromBinary(headers: Readonly<Record<string, unknown>>, body: Buffer): string {
  const named = Object.entries(headers).filter(([name]) => name.startsWith("ce-"));
  const attributes = Object.fromEntries(
    named.map(([name, value]) => [name.slice("ce-".length), decoded(String(value))]),
  );
  return write(attributes, dataOfBytes(body, String(attributes.datacontenttype ?? "")));
}

function write(attributes: Attributes, data: string | undefined): string {
  const { specversion, type, id, source, time, dataschema, datacontenttype, ...others } = attributes;
  const failures = [
    ...versionFailures(specversion),
    ...Object.entries({ type, id, source }).flatMap(([name, value]) =>
      isMissing(value) ? [`${name} is missing`] : typeof value === "string" ? [] : [`${name} is no text`],
    ),
    ...(typeof type === "string" && type !== "" && !/^[\w.-]{1,128}$/.test(type)
      ? ["type may have 128 letters, digits, dots, dashes and underscores"]
      : []),
    ...(typeof time === "string" && !/^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d/.test(time)
      ? [`time is no RFC 3339 time: ${JSON.stringify(time).slice(0, 100)}`]
      : []),
    ...(typeof dataschema === "string" && !URL.canParse(dataschema) ? ["dataschema is no absolute URI"] : []),
    ...Object.entries({ time, dataschema, datacontenttype }).flatMap(([name, value]) =>
      value === undefined || typeof value === "string" ? [] : [`${name} is no text`],
    ),
    ...Object.keys(others).flatMap((name) =>
      /^[a-z0-9]+$/.test(name) ? [] : [`${name} is no attribute: names have small letters and digits only`],
    ),
  ];
  if (failures.length > 0) invalid(failures);
  const event = {
    ...{ cloudEventsVersion: "0.1", eventType: type, eventID: id, source },
    ...{ eventTime: time, schemaURL: dataschema, contentType: datacontenttype },
    ...(Object.keys(others).length === 0 ? {} : { extensions: others }),
  };
  return `${JSON.stringify(event).slice(0, -1)},"data":${data ?? "null"}}`;
}

/** JSON stays JSON, text becomes a JSON string, and anything else the base64 text of its bytes. */
function dataOfBytes(bytes: Buffer, type: string): string | undefined {
  if (bytes.length === 0) return undefined;
  const isJson = type === "" || /[/+]json\s*(?:;|$)/i.test(type);
  if (!isJson && !/^text\//i.test(type)) return JSON.stringify(bytes.toString("base64"));
  if (!isUtf8(bytes)) invalid([`data is not UTF-8, and datacontenttype is ${type || "not there, which means JSON"}`]);
  const text = bytes.toString("utf8");
  if (!isJson) return JSON.stringify(text);
  refuseNoJson(text, type);
  return text;
}

function refuseNoJson(text: string, type: string): void {
  try {
    JSON.parse(text);
  } catch (error) {
    const cause = printable(parseCause(text, error));
    invalid([`data is no JSON, and datacontenttype is ${type || "not there, which means JSON"}: ${cause}`]);
  }
}

/** What may quote a byte of the data. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, (letter) => JSON.stringify(letter).slice(1, -1));
}

function versionFailures(specversion: unknown): string[] {
  if (specversion === "1.0") return [];
  if (isMissing(specversion)) return ["specversion is missing"];
  return [`specversion is ${JSON.stringify(specversion).slice(0, 100)}, not "1.0"`];
}

function isMissing(value: unknown): boolean {
  return value === undefined || value === null || value === "";
}

/** Header values are percent-encoded (HTTP binding 3.1.3.2). */
function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

class InvalidEvent extends DispatchError {
  readonly failures: readonly string[];

  constructor(failures: readonly string[]) {
    super("INVALID_EVENT", { message: failures.join("; ") });
    this.failures = failures;
  }
}

function invalid(failures: readonly string[]): never {
  throw new InvalidEvent(failures);
}
