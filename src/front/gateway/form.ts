/** Forms and queries as function input: one value is a string, several are an array (server.md 5.5). */
import { Busboy } from "@fastify/busboy";
import { Refusal } from "./answer.ts";

export type Field = readonly [name: string, value: string];

/** In the order of the fields; the result has no prototype, so that no name is special. */
export function mergeFields(fields: Iterable<Field>): Record<string, string | string[]> {
  const merged: Record<string, string | string[]> = Object.create(null);
  for (const [name, value] of fields) {
    const known = merged[name];
    if (known === undefined) merged[name] = value;
    else if (typeof known === "string") merged[name] = [known, value];
    else known.push(value);
  }
  return merged;
}

/** Of a query or an urlencoded body. */
export function urlencodedFields(text: string): Iterable<Field> {
  return text === "" ? [] : new URLSearchParams(text);
}

/** Files are dropped. @throws Refusal 400 when the body is no such form. */
export function multipartFields(contentType: string, body: Buffer): Promise<Field[]> {
  const { promise, resolve, reject } = Promise.withResolvers<Field[]>();
  const fields: Field[] = [];
  const refuse = (cause: unknown) => reject(new Refusal(400, `request body is not a multipart form: ${reason(cause)}`));
  try {
    const limits = { fieldNameSize: 1024, fieldSize: body.length, fields: 1000, parts: 1000 };
    const form = new Busboy({ headers: { "content-type": contentType }, limits });
    form.on("field", (name, value, nameCut) => {
      if (nameCut) refuse("a field name is longer than 1024 bytes");
      fields.push([name, value]);
    });
    for (const limit of ["fieldsLimit", "partsLimit"] as const) form.on(limit, () => refuse("more than 1000 fields"));
    form.on("error", refuse);
    form.on("finish", () => resolve(fields));
    form.end(body);
  } catch (error) {
    refuse(error);
  }
  return promise;
}

function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
