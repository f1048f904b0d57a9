/** From a request to the input of the function (server.md 5.5). */
import { refuseDeep } from "../../core/shared/json-depth.ts";
import { Refusal } from "./answer.ts";
import { charsetOf, decoderOf, decodeUtf8 } from "./charset.ts";
import { firstJsonValue, type JsonText } from "./first-json-value.ts";
import { type Field, mergeFields, multipartFields, urlencodedFields } from "./form.ts";

export interface InputSource {
  readonly method: string;
  /** As sent, without the question mark. */
  readonly query: string;
  readonly contentType: string | undefined;
  /** Not compressed any more. */
  readonly body: Buffer;
  /** A body of any type is taken: what is neither JSON nor a form travels as text, or as base64. */
  readonly anyType: boolean;
  /** Levels to which JSON may nest. */
  readonly maxJsonDepth: number;
}

type MediaKind = "json" | "urlencoded" | "multipart";

/** A type with its parameters is a few dozen characters. */
const MAX_TYPE_LENGTH = 1000;

/** @throws Refusal 400 or 415 when the body is not what its type says, or of a type that no function can be given. */
export function readInput(source: InputSource): JsonText | Promise<JsonText> {
  if (source.method === "GET" || source.method === "HEAD") return fieldsInput(urlencodedFields(source.query));
  if (source.body.length === 0) return { text: "{}", value: {} };
  const { contentType } = source;
  if (contentType === undefined || contentType.trim() === "") return jsonInput(source.body.toString("base64"));
  if (contentType.length > MAX_TYPE_LENGTH)
    throw new Refusal(400, `Content-Type is longer than ${MAX_TYPE_LENGTH} characters`);
  const kind = mediaKind(contentType);
  if (kind === undefined && source.anyType) return plainInput(contentType, source.body);
  if (kind === undefined) throw new Refusal(400, `request body type is not supported: ${contentType}`);
  if (kind === "json") return parsedInput(contentType, source);
  return kind === "urlencoded" ? urlencodedInput(contentType, source) : multipartInput(contentType, source);
}

function fieldsInput(fields: Iterable<Field>): JsonText {
  return jsonInput(mergeFields(fields));
}

function jsonInput(value: unknown): JsonText {
  return { text: JSON.stringify(value), value };
}

function parsedInput(contentType: string, { body, maxJsonDepth }: InputSource): JsonText {
  const decode = contentType === JSON_TYPE ? decodeUtf8 : decoderOf(charsetOf(contentType));
  const text = decode(body, "request body");
  refuseDeep(text, maxJsonDepth, "the request body");
  const first = firstJsonValue(text);
  if (first === undefined) throw new Refusal(400, "request body is not json");
  return first;
}

function plainInput(contentType: string, body: Buffer): JsonText {
  if (!/^\s*text\//i.test(contentType)) return jsonInput(body.toString("base64"));
  return jsonInput(decoderOf(charsetOf(contentType))(body, "request body"));
}

const JSON_TYPE = "application/json";

/** Each piece of a comma-separated header is looked at, without its parameters; the first that is known counts. */
function mediaKind(contentType: string): MediaKind | undefined {
  if (contentType === JSON_TYPE) return "json";
  return contentType
    .split(",")
    .map((piece) => knownKind(piece.split(";", 1)[0]?.trim().toLowerCase() ?? ""))
    .find((kind) => kind !== undefined);
}

function knownKind(mediaType: string): MediaKind | undefined {
  if (mediaType === JSON_TYPE || /^application\/.+\+json$/.test(mediaType)) return "json";
  if (mediaType === "application/x-www-form-urlencoded") return "urlencoded";
  return mediaType === "multipart/form-data" ? "multipart" : undefined;
}

const formMethods = new Set(["POST", "PUT", "PATCH"]);

/** Values of the body and of the query together: the body's come first. */
function urlencodedInput(contentType: string, { method, query, body }: InputSource): JsonText {
  const fields = formMethods.has(method) ? formFields(contentType, body) : [];
  return fieldsInput([...fields, ...urlencodedFields(query)]);
}

function formFields(contentType: string, body: Buffer): Field[] {
  const decode = decoderOf(charsetOf(contentType));
  const text = decode === decodeUtf8 ? decodeUtf8(body, "request body") : body.toString("latin1");
  return urlencodedFields(text, { what: "request body", decode });
}

/** Values of the body and of the query together: the body's come last. */
async function multipartInput(contentType: string, { method, query, body }: InputSource): Promise<JsonText> {
  const fields = formMethods.has(method) ? await multipartFields(contentType, body) : [];
  return fieldsInput([...urlencodedFields(query), ...fields]);
}
