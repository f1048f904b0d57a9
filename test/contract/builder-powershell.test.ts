/** The client for PowerShell modules, against a feed of small modules that this test serves in both of NuGet's protocols. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createLocalBuilder } from "../../src/adapters/builder/local.ts";
import { findInterpreter } from "../../src/adapters/languages/languages.ts";
import type { BuiltImage } from "../../src/core/shared/ports.ts";
import { providePowerShell } from "../support/powershell.ts";
import { ignore, imageSpec } from "./builder.ts";
import { createHarness, findObstacle, type Harness, run, silent, startFunction, suiteName } from "./runtime-harness.ts";

const noPowerShell = providePowerShell();
const search = await findInterpreter("powershell");
const obstacle = (await findObstacle()) ?? noPowerShell ?? (search.found ? undefined : search.reason);

/** Name, version, what its function says, dependencies. */
const PACKAGES = [
  ["Greeter", "1.0.0", "one", ""],
  ["Greeter", "1.2.0", "one point two", '<dependency id="Words" version="[1.0.0, 2.0.0)" />'],
  ["Greeter", "2.0.0-beta", "beta", ""],
  ["Words", "1.1.0", "words", ""],
  ["Words", "2.0.0", "words two", ""],
  ["Climber", "1.0.0", "climbs", ""],
] as const;

const PACK = `import sys, zipfile
target, *pairs = sys.argv[1:]
with zipfile.ZipFile(target, "w") as zip:
    for pair in pairs:
        name, _, text = pair.partition("=")
        zip.writestr(name, text)`;

const pack = (folder: string, [name, version, word, dependencies]: (typeof PACKAGES)[number]): Buffer => {
  const path = join(folder, "package.zip");
  const plain = version.split("-")[0];
  const files = {
    [`${name}.nuspec`]: `<?xml version="1.0"?><package><metadata><id>${name}</id><version>${version}</version><dependencies>${dependencies}</dependencies></metadata></package>`,
    [`${name}.psd1`]: `@{ ModuleVersion = '${plain}'; RootModule = '${name}.psm1'; FunctionsToExport = @('Get-${name}') }`,
    [`${name}.psm1`]: `function Get-${name} { '${word}' }`,
    "[Content_Types].xml": "<Types/>",
    ...(name === "Climber" ? { "../../../climbed.txt": "out" } : {}),
  };
  execFileSync("python3", ["-c", PACK, path, ...Object.entries(files).map(([file, text]) => `${file}=${text}`)]);
  return readFileSync(path);
};

describe.skipIf(obstacle !== undefined)(suiteName("PowerShell modules", obstacle), () => {
  let harness: Harness;
  let server: Server;
  let address: string;
  const work = mkdtempSync(join(tmpdir(), "dispatch-feed-"));
  const packed = new Map<string, Buffer>();

  const versionsOf = (id: string) => PACKAGES.filter(([name]) => name.toLowerCase() === id.toLowerCase());
  const oldEntry = ([name, version]: (typeof PACKAGES)[number]): string => {
    const hash = createHash("sha512")
      .update(packed.get(`${name}/${version}`) ?? "")
      .digest("base64");
    return `<entry><content type="application/zip" src="${address}/api/v2/package/${name}/${version}" /><m:properties><d:Version>${version}</d:Version><d:NormalizedVersion>${version}</d:NormalizedVersion><d:PackageHash>${hash}</d:PackageHash><d:PackageHashAlgorithm>SHA512</d:PackageHashAlgorithm></m:properties></entry>`;
  };
  const answer = (url: string): string | Buffer | undefined => {
    if (url === "/v3/index.json")
      return JSON.stringify({ resources: [{ "@id": `${address}/flat/`, "@type": "PackageBaseAddress/3.0.0" }] });
    const [, id] = /^\/flat\/([^/]+)\/index\.json$/.exec(url) ?? [];
    if (id !== undefined && versionsOf(id).length > 0)
      return JSON.stringify({ versions: versionsOf(id).map(([, version]) => version) });
    const [, asked] = /^\/api\/v2\/FindPackagesById\(\)\?id='([^']+)'/.exec(decodeURIComponent(url)) ?? [];
    if (asked !== undefined)
      return `<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" xmlns:d="d" xmlns:m="m">${versionsOf(asked).map(oldEntry).join("")}</feed>`;
    const [, name, version] =
      /^\/api\/v2\/package\/([^/]+)\/([^/]+)$/.exec(url) ?? /^\/flat\/([^/]+)\/([^/]+)\/[^/]+\.nupkg$/.exec(url) ?? [];
    const known = versionsOf(name ?? "")[0]?.[0];
    return packed.get(`${known}/${version}`);
  };

  beforeAll(async () => {
    harness = await createHarness();
    mkdirSync(work, { recursive: true });
    for (const one of PACKAGES) packed.set(`${one[0]}/${one[1]}`, pack(work, one));
    server = createServer(({ url = "" }, response) => {
      const body = answer(url);
      response.writeHead(body === undefined ? 404 : 200).end(body);
    }).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    server.close();
    await harness.close();
    rmSync(work, { recursive: true, force: true });
  });

  const install = (manifest: string, feed: string): Promise<BuiltImage> => {
    const folder = join(harness.folder, "images");
    const environment = { ...process.env, POWERSHELL_FEED: `${address}${feed}` };
    const builder = createLocalBuilder({ folder, sandbox: harness.sandbox, log: silent, environment });
    return builder.build(imageSpec("powershell", manifest, feed), ignore);
  };

  test.each(["/api/v2", "/v3/index.json"])("are installed with what they need from %s, and imported", async (feed) => {
    const image = await install("@{ Greeter = 'latest' }", feed);
    expect(image.lock).toMatch(/^Greeter 1\.2\.0 sha512-\S+\nWords 1\.1\.0 sha512-\S+\n$/);
    const source =
      'Import-Module Greeter; Import-Module Words\nfunction handle($context, $payload) { return "$(Get-Greeter) $(Get-Words)" }\n';
    const worker = await startFunction(harness.runtime, "powershell", source, { image });
    expect((await run(worker)).output).toBe('"one point two words"');
  });

  test.each([
    ["@{ Greeter = '1.0.0' }", /^Greeter 1\.0\.0 /],
    ["@{ Greeter = @{ version = '[1.0,1.1]' } }", /^Greeter 1\.0\.0 /],
    ["@{ Greeter = @{ version = '2.0.0-beta'; prerelease = $true } }", /^Greeter 2\.0\.0-beta /],
    [
      "@{ PSDependOptions = @{ Target = 'x' }; greeter = @{ Version = '1.0.0'; DependencyType = 'PSGalleryModule' } }",
      /^Greeter 1\.0\.0 /,
    ],
  ])("both formats of a manifest: %s", async (manifest, lock) => {
    expect((await install(manifest, "/v3/index.json")).lock).toMatch(lock);
  });

  test.each([
    ["@{ Nothing = '1.0.0' }", "there is no module Nothing"],
    ["@{ Greeter = '9.9.9' }", "no version of Greeter fits: requirements.psd1 asks for [9.9.9]. There is 1.0.0, 1.2.0"],
    ["@{ Greeter = '1.2.0'; Words = '2.0.0' }", "Greeter asks for [1.0.0, 2.0.0)"],
    ["@{ Greeter = (Get-Date) }", "what would have to be run is refused"],
    ["@{ Greeter = ", "requirements.psd1, line 1:"],
    ["@{ Climber = '1.0.0' }", "leads out of the package"],
    ["Greeter", "a table @{ Name = 'version' } was expected"],
  ])("%s is refused with its reason", async (manifest, reason) => {
    await expect(install(manifest, "/v3/index.json")).rejects.toThrow(reason);
    expect(existsSync(join(harness.folder, "climbed.txt"))).toBe(false);
  });
});
