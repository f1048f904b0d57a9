/** The API described: `/openapi.json` for programs, `/docs` for people, with everything that the page needs from this server. */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Operation } from "../../core/shared/contract.ts";
import { version } from "../../version.ts";
import { openApiDocument } from "./openapi.ts";

/** Nothing from elsewhere, and nothing inside another page. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Dispatch API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
<div id="api"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</html>
`;

const start = `SwaggerUIBundle({ url: "/openapi.json", dom_id: "#api", deepLinking: true, validatorUrl: null });\n`;

/** Where the package's files lie; looked up when they are asked for. */
const styles = (): string => import.meta.resolve("swagger-ui-dist/swagger-ui.css");
const program = (): string => import.meta.resolve("swagger-ui-dist/swagger-ui-bundle.js");

/** What is no operation of the older server answers to both methods of reading. */
export const READING = ["GET", "HEAD"];

/** Mounts both. The description holds no secrets: it needs no credential. */
export function mountDocs(app: FastifyInstance, operations: readonly Operation[]): void {
  let document: string | undefined;
  const send = (path: string, type: string, content: () => string | Promise<Buffer>): void => {
    const handler = async (_request: FastifyRequest, reply: FastifyReply) => {
      reply.headers({ "content-security-policy": POLICY, "x-content-type-options": "nosniff" });
      // Bytes keep their type as it is: fastify would add a charset to texts.
      return reply.header("content-type", type).send(Buffer.from(await content()));
    };
    app.route({ method: READING, url: path, handler });
  };
  send("/openapi.json", "application/json", () => {
    document ??= documentText(operations);
    return document;
  });
  send("/docs", "text/html; charset=utf-8", () => page);
  send("/docs/start.js", "text/javascript", () => start);
  send("/docs/swagger-ui.css", "text/css", () => readFile(fileURLToPath(styles())));
  send("/docs/swagger-ui-bundle.js", "text/javascript", () => readFile(fileURLToPath(program())));
}

/** The document as it is served and as it lies in docs/generated. */
export function documentText(operations: readonly Operation[]): string {
  return `${JSON.stringify(openApiDocument(operations, version), null, 2)}\n`;
}
