/** Handlers that read resource files and sources, loaded with the libraries for YAML and tar. */
export { batch } from "./batch.ts";
export { seed } from "./seed.ts";
export { writer } from "./write.ts";
