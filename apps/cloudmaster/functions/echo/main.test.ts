import { expect, test } from "vitest";
import echo from "./main.ts";

const httpContext = { method: "POST", host: "dispatch.example.com" };

test("the whole input comes back, with the request in its context and nothing else of the context", () => {
  const dispatch = { url: "http://127.0.0.1:8080", token: "run-token", organization: "dispatch-server" };
  const context = { secrets: {}, serviceBindings: {}, httpContext, dispatch, deadline: "2026-01-01", run: { id: "1" } };
  const payload = { command: "/cloudmaster", text: "create myvm on aws &amp; more", token: "of-slack", team_id: "T1" };
  const output = echo(context, payload);
  expect(output).toEqual({ ...payload, context: { httpContext, secrets: {}, serviceBindings: {} } });
  expect(JSON.stringify(output)).not.toContain("run-token");
});

test("values of secrets are not in the result, which is on record", () => {
  expect(echo({ secrets: { signingSecret: "hush" } }, {}).context.secrets).toEqual({ signingSecret: "***" });
});

test("a field called context cannot pose as the context", () => {
  expect(echo({ httpContext }, { context: { httpContext: "forged" } }).context).toMatchObject({ httpContext });
});

test.each([
  ["hello", { text: "hello" }],
  [null, { text: "null" }],
  [undefined, { text: "null" }],
  [[1, 2], { text: "[1,2]" }],
])("the input %j becomes a text", (payload, fields) => {
  expect(echo({}, payload)).toEqual({ ...fields, context: { httpContext: {}, secrets: {}, serviceBindings: {} } });
});

test("a command without text still gets a message that Slack shows", () => {
  expect(echo({}, { command: "/cloudmaster", text: "" })).toMatchObject({
    text: "",
    attachments: [{ text: "Nothing was typed behind the command." }],
  });
});
