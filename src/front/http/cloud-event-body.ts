/** The three ways in which CloudEvents 1.0 come over HTTP: structured, in a batch, or in binary mode (decisions 20). */
import type { FastifyInstance, FastifyRequest } from "fastify";
import { fromBatch, fromBinary, fromStructured } from "../../core/cloud-events/current.ts";
import { DispatchError } from "../../core/shared/errors.ts";
import { refuseDeep } from "../../core/shared/json-depth.ts";
import { bodyText } from "./body-text.ts";

const STRUCTURED = "application/cloudevents+json";
const BATCH = "application/cloudevents-batch+json";
/** What a request in binary mode is given as its type: its own says what the data is. */
const BINARY = "application/x-cloudevents-binary";

declare module "fastify" {
  interface FastifyContextConfig {
    /** Bodies may be CloudEvents 1.0. */
    cloudEvents?: boolean;
  }
}

/** A body becomes the text of an event in the form of 0.1, or several of a batch. */
export function readCloudEvents(app: FastifyInstance, maxJsonDepth: number): void {
  const read = (type: string, convert: (request: FastifyRequest, bytes: Buffer) => string | string[]): void => {
    app.addContentTypeParser(type, { parseAs: "buffer" }, (request, bytes, done) => {
      if (request.routeOptions.config.cloudEvents !== true) done(new DispatchError("UNSUPPORTED_MEDIA_TYPE", { type }));
      else done(null, convert(request, bytes as Buffer));
    });
  };
  const jsonOf = ({ headers }: FastifyRequest, bytes: Buffer): string => {
    const text = bodyText(headers, bytes);
    refuseDeep(text, maxJsonDepth, "the request body");
    return text;
  };
  read(STRUCTURED, (request, bytes) => fromStructured(jsonOf(request, bytes)));
  read(BATCH, (request, bytes) => fromBatch(jsonOf(request, bytes)));
  read(BINARY, ({ headers }, bytes) => fromBinary(headers, bytes));
}

/** For operations that take them, to be called before the body is read. */
export function markBinary({ headers }: FastifyRequest): void {
  if (headers["ce-specversion"] === undefined) return;
  const type = headers["content-type"];
  if (type !== undefined) headers["ce-datacontenttype"] = type;
  headers["content-type"] = BINARY;
}

/** For the same operations: a 1.0 event that came as plain JSON. */
export function currentForm(request: FastifyRequest): void {
  const { body } = request;
  if (typeof body !== "string") return;
  if (body.includes('"specversion"') && !body.includes('"cloudEventsVersion"')) request.body = fromStructured(body);
}
