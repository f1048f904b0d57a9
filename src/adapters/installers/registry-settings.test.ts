import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { parsePipSettings } from "./pip.ts";
import { commonVariables, toRegistrySettings } from "./registry-settings.ts";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "dispatch-registry-")));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const target = ({ target }: { readonly target: string }): string => target;

describe("settings of the server's user reach the installer", () => {
  test("only proxies and certificates of the environment", () => {
    const environment = {
      HTTPS_PROXY: "http://proxy:3128",
      NODE_EXTRA_CA_CERTS: "/ca.pem",
      AWS_SECRET_ACCESS_KEY: "secret",
      NO_PROXY: "",
    };
    expect(commonVariables(environment)).toEqual({ HTTPS_PROXY: "http://proxy:3128", NODE_EXTRA_CA_CERTS: "/ca.pem" });
  });

  test("with ALL_PROXY under the names that all installers know, and never one that they cannot use", () => {
    expect(commonVariables({ ALL_PROXY: "proxy:3128", HTTPS_PROXY: "http://secure:1" })).toEqual({
      http_proxy: "proxy:3128",
      HTTPS_PROXY: "http://secure:1",
    });
    expect(() => commonVariables({ all_proxy: "socks5://proxy:1080" })).toThrow("a proxy that speaks socks5");
    expect(() => commonVariables({ HTTP_PROXY: "socks4://proxy:1080" })).toThrow(
      "HTTP_PROXY of the server names a proxy",
    );
    const both = { all_proxy: "socks5://proxy:1080", http_proxy: "http://a:1", https_proxy: "http://b:1" };
    expect(commonVariables(both)).toEqual({ http_proxy: "http://a:1", https_proxy: "http://b:1" });
  });

  test("with files made visible in the sandbox", () => {
    const certificate = join(folder, "company-ca.pem");
    writeFileSync(certificate, "");
    const settings = toRegistrySettings({ PIP_CERT: certificate, SSL_CERT_FILE: "/etc/ssl/certs" }, target);
    expect(settings.binds).toEqual([{ source: certificate, target: "/opt/dispatch/registry/0/company-ca.pem" }]);
    expect(settings.environment.PIP_CERT).toBe("/opt/dispatch/registry/0/company-ca.pem");
  });

  test("without files that do not exist", () => {
    const settings = toRegistrySettings({ PIP_CERT: "/nowhere/ca.pem" }, target);
    expect(settings.environment).toEqual({});
    expect(settings.warnings).toEqual(["PIP_CERT names /nowhere/ca.pem, which does not exist: left out"]);
  });

  test("without credentials", () => {
    const settings = toRegistrySettings({ PIP_INDEX_URL: "https://me:token@pypi.example/simple" }, target);
    expect(settings.environment.PIP_INDEX_URL).toBe("https://pypi.example/simple");
    expect(settings.warnings).toEqual([expect.stringMatching(/^PIP_INDEX_URL has credentials/)]);
  });

  test.each([
    ["HTTP_PROXY", "me:token@proxy:3128", "http://proxy:3128"],
    ["PIP_PROXY", "me:to@ken@proxy.example:3128", "http://proxy.example:3128"],
    ["npm_config_https-proxy", "https://me:to@ken@proxy.example/", "https://proxy.example/"],
    ["https_proxy", "proxy:3128", "http://proxy:3128"],
    ["npm_config_noproxy", "a.example,b.example", "a.example,b.example"],
    ["npm_config_registry", "https://npm.example/@scope/", "https://npm.example/@scope/"],
  ])("%s=%s is %s", (name, value, expected) => {
    expect(toRegistrySettings({ [name]: value }, target).environment).toEqual({ [name]: expected });
  });

  test.each([["HTTP_PROXY"], ["PIP_PROXY"], ["npm_config_proxy"]])(
    "%s without a scheme on this machine needs the host's network",
    (name) => {
      for (const value of ["localhost:3128", "127.0.0.1:3128"])
        expect(toRegistrySettings({ [name]: value }, target).network).toBe("host");
    },
  );

  test.each([
    ["https://registry.example/", "isolated"],
    ["http://127.0.0.1:4873/", "host"],
    ["http://localhost:4873/", "host"],
    ["http://[::1]:4873/", "host"],
    ["https://pypi.example/simple http://127.1.2.3/simple", "host"],
    ["localhost,127.0.0.1", "isolated"],
  ])("%s needs the network %s", (value, network) => {
    expect(toRegistrySettings({ REGISTRY: value }, target).network).toBe(network);
  });
});

test("pip's settings are read from its own listing, the environment last", () => {
  const listing = [
    ":env:.index-url='https://env.example/simple'",
    "global.index-url='https://global.example/simple'",
    "global.extra-index-url='\\nhttps://one.example\\nhttps://two.example'",
    "install.timeout='60'",
    "global.user='yes'",
    "list.format='columns'",
  ].join("\n");
  expect(parsePipSettings(listing)).toEqual({
    PIP_INDEX_URL: "https://env.example/simple",
    PIP_EXTRA_INDEX_URL: "https://one.example https://two.example",
    PIP_TIMEOUT: "60",
  });
});
