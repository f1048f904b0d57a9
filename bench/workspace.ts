/** Images and functions for the measures. */
import { gzipSync } from "node:zlib";
import type { Language } from "../src/core/shared/ports.ts";
import { TAR_END, tarHeader, tarPadding } from "../src/core/shared/tar-blocks.ts";
import type { Rest } from "./rest.ts";

interface Sample {
  readonly dockerUrl: string;
  readonly file: string;
  readonly code: string;
  readonly handler: string;
}

const samples: Readonly<Record<Language, Sample>> = {
  nodejs: {
    dockerUrl: "dispatchframework/nodejs-base:0.0.13",
    file: "hello.js",
    code: "module.exports = (context, payload) => ({ greeting: 'hello ' + payload.name, items: payload.items });\n",
    handler: "",
  },
  python3: {
    dockerUrl: "dispatchframework/python3-base:0.0.13",
    file: "hello.py",
    code: "def handle(context, payload):\n    return {'greeting': 'hello ' + payload['name'], 'items': payload['items']}\n",
    handler: "hello.handle",
  },
  java: {
    dockerUrl: "dispatchframework/java-base:0.0.13",
    file: "Hello.java",
    code: `import java.util.Map;
import java.util.function.BiFunction;
public class Hello implements BiFunction<Map<String, Object>, Map<String, Object>, Object> {
  public Object apply(Map<String, Object> context, Map<String, Object> payload) {
    return Map.of("greeting", "hello " + payload.get("name"), "items", payload.get("items"));
  }
}
`,
    handler: "Hello",
  },
  powershell: {
    dockerUrl: "dispatchframework/powershell-base:0.0.13",
    file: "hello.ps1",
    code: "function handle($context, $payload) { @{ greeting = 'hello ' + $payload.name; items = $payload.items } }\n",
    handler: "hello.ps1::handle",
  },
};

/** The input of every run: 60 bytes. */
export const input = '{"name":"benchmark","items":[1,2,3,4,5,6,7,8,9,10,11,12,13]}';

/** Makes an image of the language, called like it; resolves when it is READY. */
export async function createImage(rest: Rest, language: Language): Promise<void> {
  const { dockerUrl } = samples[language];
  await rest.call("POST", "/v1/baseimage", { name: `${language}-base`, dockerUrl, language });
  await rest.ready(`/v1/baseimage/${language}-base`);
  await rest.call("POST", "/v1/image", { name: language, baseImageName: `${language}-base` });
  await rest.ready(`/v1/image/${language}`);
}

/** Asks for a function and returns when the server has answered: it need not be READY yet. `own`: other code than the usual. */
export async function createFunction(rest: Rest, language: Language, name: string, own?: string): Promise<void> {
  const { file, code: usual, handler } = samples[language];
  const code = own ?? usual;
  await rest.call("POST", "/v1/function", { name, image: language, handler, source: packed(file, code) });
}

/** A gzipped tar of one file, in base64. */
function packed(file: string, code: string): string {
  const content = Buffer.from(code);
  const size = content.length;
  const header = tarHeader({ path: `./${file}`, mode: 0o644, size, type: "File", mtime: new Date(0) });
  return gzipSync(Buffer.concat([header, content, tarPadding(size), TAR_END])).toString("base64");
}
