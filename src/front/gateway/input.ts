/** From a request to the input of the function (server.md 5.5). */
import { Refusal } from "./answer.ts";
import { firstJsonValue, type JsonText } from "./first-json-value.ts";
import { type Field, mergeFields, multipartFields, urlencodedFields } from "./form.ts";

export interface InputSource {
  readonly method: string;
  /** As sent, without the question mark. */
  readonly query: string;
  readonly contentType: string | undefined;
  readonly body: Buffer;
}

type MediaKind = "json" | "urlencoded" | "multipart";

/** @throws Refusal 400 when the body is not what its type says, or of a type that no function can be given. */
export function readInput(source: InputSource): JsonText | Promise<JsonText> {
  if (source.method === "GET" || source.method === "HEAD") return fieldsInput(urlencodedFields(source.query));
  if (source.body.length === 0) return { text: "{}", value: {} };
  const { contentType } = source;
  if (contentType === undefined) return jsonInput(source.body.toString("base64"));
  const kind = mediaKind(contentType);
  if (kind === undefined) throw new Refusal(400, `request body type is not supported: ${contentType}`);
  if (kind === "json") return parsedInput(source.body);
  return kind === "urlencoded" ? urlencodedInput(source) : multipartInput(contentType, source);
}

function fieldsInput(fields: Iterable<Field>): JsonText {
  return jsonInput(mergeFields(fields));
}

function jsonInput(value: unknown): JsonText {
  return { text: JSON.stringify(value), value };
}

function parsedInput(body: Buffer): JsonText {
  const first = firstJsonValue(body.toString());
  if (first === undefined) throw new Refusal(400, "request body is not json");
  return first;
}

/** Each piece of a comma-separated header is looked at, without its parameters; the first that is known counts. */
function mediaKind(contentType: string): MediaKind | undefined {
  if (contentType === "application/json") return "json";
  return contentType
    .split(",")
    .map((piece) => knownKind(piece.split(";", 1)[0]?.trim().toLowerCase() ?? ""))
    .find((kind) => kind !== undefined);
}

function knownKind(mediaType: string): MediaKind | undefined {
  if (mediaType === "application/json" || /^application\/.+\+json$/.test(mediaType)) return "json";
  if (mediaType === "application/x-www-form-urlencoded") return "urlencoded";
  return mediaType === "multipart/form-data" ? "multipart" : undefined;
}

const formMethods = new Set(["POST", "PUT", "PATCH"]);

/** Values of the body and of the query together: the body's come first. */
function urlencodedInput({ method, query, body }: InputSource): JsonText {
  const fields = formMethods.has(method) ? urlencodedFields(body.toString()) : [];
  return fieldsInput([...fields, ...urlencodedFields(query)]);
}

/** Values of the body and of the query together: the body's come last. */
async function multipartInput(contentType: string, { method, query, body }: InputSource): Promise<JsonText> {
  const fields = formMethods.has(method) ? await multipartFields(contentType, body) : [];
  return fieldsInput([...urlencodedFields(query), ...fields]);
}
