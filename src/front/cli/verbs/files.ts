/** Handlers that read resource files and sources, loaded with the libraries for YAML and tar. */
export { batch } from "./batch.ts";
export { diff } from "./diff.ts";
export { edit } from "./edit.ts";
export { seed } from "./seed.ts";
export { writer } from "./write.ts";
