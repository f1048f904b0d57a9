/** The way into resource files and sources, loaded with the libraries for YAML and tar when a command reads them. */
export { readSources } from "./batch-source.ts";
export { completeBody } from "./complete-body.ts";
export { parseBatch } from "./parse-batch.ts";
