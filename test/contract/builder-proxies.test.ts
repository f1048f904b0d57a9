/** The real installers behind a proxy: they ask it for everything but the hosts of NO_PROXY. The proxy refuses all, so each build fails. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createLocalBuilder } from "../../src/adapters/builder/local.ts";
import { findNpm } from "../../src/adapters/installers/npm-location.ts";
import { findInterpreter } from "../../src/adapters/languages/languages.ts";
import { findOnPath } from "../../src/adapters/runtime/process/interpreters.ts";
import type { Language } from "../../src/core/shared/ports.ts";
import { ignore, imageSpec } from "./builder.ts";
import { createHarness, findObstacle, type Harness, silent, suiteName } from "./runtime-harness.ts";

interface Installing {
  readonly language: Language;
  readonly manifest: string;
  /** The variables that name the registry. */
  readonly registry: (url: string) => Record<string, string>;
  readonly installer: () => Promise<unknown>;
}

const installing: readonly Installing[] = [
  {
    language: "nodejs",
    manifest: '{"dependencies":{"is-number":"7.0.0"}}',
    registry: (url) => ({ npm_config_registry: url }),
    installer: async () => findNpm(process.env),
  },
  {
    language: "python3",
    manifest: "six==1.16.0\n",
    registry: (url) => ({ PIP_INDEX_URL: url, PIP_FIND_LINKS: "", PIP_RETRIES: "0" }),
    installer: async () => true,
  },
  {
    language: "java",
    manifest:
      "<project><modelVersion>4.0.0</modelVersion><groupId>a</groupId><artifactId>a</artifactId><version>1</version><dependencies>" +
      "<dependency><groupId>b</groupId><artifactId>b</artifactId><version>1</version></dependency></dependencies></project>",
    registry: (url) => ({ MAVEN_MIRROR_URL: url }),
    installer: () => findOnPath("mvn"),
  },
];

const PROXY_VARIABLES = /^(http|https|no|all)_proxy$/i;
const own = Object.fromEntries(Object.entries(process.env).filter(([name]) => !PROXY_VARIABLES.test(name)));

async function findMissing({ language, installer }: Installing): Promise<string | undefined> {
  const search = await findInterpreter(language);
  if (!search.found) return search.reason;
  return (await installer()) === undefined ? "its installer is not on this machine" : undefined;
}

const obstacle = await findObstacle();
const cases = await Promise.all(
  installing.map(async (one) => ({ ...one, missing: obstacle ?? (await findMissing(one)) })),
);

/** What came: `direct` to the registry, `proxied` in the whole address, `tunnel` as CONNECT. */
const heard = new Set<string>();
let server: Server;
let harness: Harness;

beforeAll(async () => {
  server = createServer(({ url = "" }, response) => {
    heard.add(url.startsWith("http://") ? "proxied" : "direct");
    response.writeHead(404).end();
  });
  server.on("connect", (_, socket) => {
    heard.add("tunnel");
    socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  harness = await createHarness();
});
afterAll(async () => {
  server.close();
  await harness.close();
});
beforeEach(() => heard.clear());

/** Builds with the registry and the proxies in the environment, and says who was asked. */
async function askedBy({ language, manifest, registry }: Installing, url: string, proxies: Record<string, string>) {
  const environment = { ...own, ...registry(url), ...proxies };
  const folder = join(harness.folder, "images");
  const builder = createLocalBuilder({ folder, sandbox: harness.sandbox, log: silent, environment });
  await expect(builder.build(imageSpec(language, manifest), ignore)).rejects.toThrow(/404|403|Could not|No matching/);
  return [...heard];
}

describe.each(cases)("the installer of $language", (one) => {
  const { missing } = one;
  const proxy = (): string => `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const registry = (): string => `http://localhost:${(server.address() as AddressInfo).port}/`;

  test.skipIf(missing !== undefined)(
    suiteName("asks the proxy of http_proxy, with a scheme and without", missing),
    async () => {
      expect(await askedBy(one, registry(), { http_proxy: `http://${proxy()}` })).toEqual(["proxied"]);
      heard.clear();
      expect(await askedBy(one, registry(), { HTTP_PROXY: proxy() })).toEqual(["proxied"]);
    },
  );

  test.skipIf(missing !== undefined)(
    suiteName("asks the registry itself when NO_PROXY names it", missing),
    async () => {
      expect(await askedBy(one, registry(), { http_proxy: `http://${proxy()}`, NO_PROXY: "localhost" })).toEqual([
        "direct",
      ]);
    },
  );

  test.skipIf(missing !== undefined)(suiteName("asks the proxy of https_proxy for a tunnel", missing), async () => {
    expect(await askedBy(one, "https://registry.invalid/", { https_proxy: proxy() })).toEqual(["tunnel"]);
  });
});
