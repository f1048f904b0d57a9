/** The YAML library, loaded only when YAML is read or printed. A bundler keeps its named exports only behind a static import. */
export { parse as parseYaml, stringify as stringifyYaml } from "yaml";
