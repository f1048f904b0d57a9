import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { privately } from "./message.ts";
import { checkResponseUrl, MAX_USES, postMessage, responseHosts } from "./response-url.ts";

const slack = responseHosts(undefined);
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

test("without a setting only Slack's own host is called", () => {
  expect(slack).toEqual(["hooks.slack.com"]);
  expect(responseHosts(" , ")).toEqual(["hooks.slack.com"]);
  expect(responseHosts("hooks.slack-gov.com, 127.0.0.1:9000")).toEqual(["hooks.slack-gov.com", "127.0.0.1:9000"]);
});

test.each([
  "https://hooks.slack.com/commands/T1/2/x",
  "https://HOOKS.slack.com/commands/T1/2/x",
  "https://hooks.slack.com:443/commands",
])("%s may be called", (address) => {
  expect(checkResponseUrl(address, slack).host).toBe("hooks.slack.com");
});

test.each([
  ["https://evil.example/", /on evil\.example, which is not allowed.*responseHosts/],
  ["https://hooks.slack.com.evil.example/", /not allowed/],
  ["https://hooks.slack.com@evil.example/", /not a plain web address/],
  ["https://user:pass@hooks.slack.com/", /not a plain web address/],
  ["https://hooks.slack.com:8443/", /not allowed/],
  ["http://hooks.slack.com/", /must begin with https/],
  ["ftp://hooks.slack.com/", /must begin with https/],
  ["http://169.254.169.254/latest/meta-data", /not allowed/],
  ["http://127.0.0.1:8080/v1/secret", /not allowed/],
  ["javascript:alert(1)", /not allowed/],
  ["nonsense", /not a plain web address/],
])("%s is refused", (address, reason) => {
  expect(() => checkResponseUrl(address, slack)).toThrow(reason);
});

test("plain http is for listed hosts of the loopback only", () => {
  expect(checkResponseUrl("http://127.0.0.1:9000/x", ["127.0.0.1:9000"]).port).toBe("9000");
  expect(() => checkResponseUrl("http://127.0.0.1:9001/x", ["127.0.0.1:9000"])).toThrow(/not allowed/);
  expect(() => checkResponseUrl("http://127.evil.example/", ["127.evil.example"])).toThrow(/https/);
});

test("a busy Slack is asked again, but never more often than it takes posts", async () => {
  const busy = await answering(() => [503, {}]);
  await expect(postMessage(busy.url, privately("x"))).rejects.toThrow(/answered 503/);
  expect(busy.calls()).toBe(1);
  const patient = await answering((call) => (call < MAX_USES ? [429, { "Retry-After": "0" }] : [200, {}]));
  await postMessage(patient.url, privately("x"));
  expect(patient.calls()).toBe(MAX_USES);
  const stubborn = await answering(() => [429, { "Retry-After": "0" }]);
  await expect(postMessage(stubborn.url, privately("x"))).rejects.toThrow(/answered 429/);
  expect(stubborn.calls()).toBe(MAX_USES);
});

test("a redirect is not followed, and the error does not tell the address", async () => {
  const target = await answering(() => [200, {}]);
  const source = await answering(() => [302, { Location: target.url.href }]);
  const failure = await postMessage(source.url, privately("x")).catch(String);
  expect(failure).toMatch(/could not be posted/);
  expect(failure).not.toContain("secret-path");
  expect(target.calls()).toBe(0);
});

/** A listener that answers as told; `call` counts from 1. */
async function answering(answer: (call: number) => [number, Record<string, string>]) {
  let calls = 0;
  const server = createServer((_request, response) => {
    calls++;
    const [status, headers] = answer(calls);
    response.writeHead(status, headers).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => server.close());
  const { port } = server.address() as AddressInfo;
  return { url: new URL(`http://127.0.0.1:${port}/secret-path`), calls: () => calls };
}
