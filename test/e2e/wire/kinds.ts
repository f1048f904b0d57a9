/** Every kind of resource with its requests as old clients write them, and its answers (server.md 2.6 to 2.14). */
import { generateKeyPairSync } from "node:crypto";
import { unterminatedSourceOf } from "../support/archive.ts";

export interface WireKind {
  /** As in messages. */
  readonly word: string;
  readonly collection: string;
  readonly name: string;
  /** The body of POST and PUT: Go writes empty slices as null and empty structs as {}. */
  readonly body: string;
  /** The answer in a given status; `phase` says after what, for kinds that show more once they are built. */
  readonly answer: (status: string, phase: "written" | "settled") => string;
  readonly success: { readonly create: number; readonly update: number; readonly delete: number };
  /** The status that answers to writes show, and what it settles at; kinds without status have none. */
  readonly status: {
    readonly created: string;
    readonly settled: string;
    readonly updated: string;
    readonly deleted: string;
  };
}

const usual = { create: 201, update: 200, delete: 200 } as const;
const statusless = { created: "", settled: "", updated: "", deleted: "" } as const;
const prompt = { created: "CREATING", settled: "READY", updated: "UPDATING", deleted: "DELETING" } as const;
const HELLO = { "hello.js": 'module.exports = (context, { name }) => ({ myField: "Hello, " + name });\n' };

const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const accountKey = Buffer.from(publicKey.export({ type: "spki", format: "pem" })).toString("base64");

/** In the order in which each finds what it needs. */
export const wireKinds: readonly WireKind[] = [
  {
    word: "base image",
    collection: "/v1/baseimage",
    name: "nodejs-base",
    body: '{"dockerUrl":"dispatchframework/nodejs-base:0.0.12","groups":null,"language":"nodejs","name":"nodejs-base","reason":null,"tags":null}',
    answer: (status) =>
      `{"createdTime":<seconds>,"dockerUrl":"dispatchframework/nodejs-base:0.0.12","groups":null,"id":"<uuid>","kind":"BaseImage","language":"nodejs","name":"nodejs-base","reason":null,"status":"${status}","tags":null}`,
    success: usual,
    status: { created: "INITIALIZED", settled: "READY", updated: "UPDATING", deleted: "READY" },
  },
  {
    word: "image",
    collection: "/v1/image",
    name: "nodejs",
    body: '{"baseImageName":"nodejs-base","groups":null,"name":"nodejs","reason":null,"runtimeDependencies":{},"systemDependencies":{"packages":null},"tags":null}',
    answer: (status, phase) =>
      `{"baseImageName":"nodejs-base","createdTime":<seconds>,${phase === "settled" ? '"dockerUrl":"dispatch/<uuid>:latest",' : ""}"groups":null,"id":"<uuid>","kind":"Image","language":"nodejs","name":"nodejs","reason":null,"runtimeDependencies":{},"status":"${status}","systemDependencies":{"packages":null},"tags":null}`,
    success: usual,
    status: { created: "INITIALIZED", settled: "READY", updated: "UPDATING", deleted: "DELETED" },
  },
  {
    word: "function",
    collection: "/v1/function",
    name: "hello-js",
    body: `{"image":"nodejs","handler":"","name":"hello-js","reason":null,"schema":{"in":null,"out":null},"secrets":null,"services":null,"source":"${unterminatedSourceOf(HELLO)}","tags":null}`,
    answer: (status, phase) =>
      `{"createdTime":<seconds>,"faasId":"<uuid>","id":"<uuid>","image":"nodejs",${phase === "settled" ? '"functionImageURL":"dispatch/func-<uuid>:latest",' : ""}"kind":"Function","handler":"","name":"hello-js","reason":null,"schema":{"in":null,"out":null},"secrets":null,"services":null,"status":"${status}","tags":null}`,
    success: usual,
    status: { created: "INITIALIZED", settled: "READY", updated: "UPDATING", deleted: "DELETING" },
  },
  {
    word: "secret",
    collection: "/v1/secret",
    name: "open-sesame",
    body: '{"name":"open-sesame","secrets":{"password":"OpenSesame"},"tags":null}',
    answer: () =>
      '{"id":"<uuid>","kind":"Secret","name":"open-sesame","secrets":{"password":"OpenSesame"},"tags":null}',
    success: { create: 201, update: 201, delete: 204 },
    status: statusless,
  },
  {
    word: "API",
    collection: "/v1/api",
    name: "cloudmaster",
    body: '{"authentication":"public","enabled":true,"function":"hello-js","hosts":null,"methods":["POST"],"name":"cloudmaster","protocols":["http","https"],"tags":null,"uris":["/cloudmaster"]}',
    answer: (status) =>
      `{"authentication":"public","enabled":true,"function":"hello-js","hosts":null,"id":"<uuid>","kind":"API","methods":["POST"],"name":"cloudmaster","protocols":["http","https"],"status":"${status}","tags":null,"uris":["/dispatch-server/cloudmaster"]}`,
    success: { create: 200, update: 200, delete: 200 },
    status: prompt,
  },
  {
    word: "alert",
    collection: "/v1/alert",
    name: "failures",
    body: '{"function":"hello-js","name":"failures","tags":null,"when":"run-failed"}',
    answer: (status) =>
      `{"createdTime":<seconds>,"function":"hello-js","id":"<uuid>","kind":"Alert","modifiedTime":<seconds>,"name":"failures","reason":null,"status":"${status}","tags":null,"when":"run-failed"}`,
    success: usual,
    status: { created: "READY", settled: "READY", updated: "READY", deleted: "DELETING" },
  },
  {
    word: "subscription",
    collection: "/v1/event/subscriptions",
    name: "debug-sub",
    body: '{"eventType":"test.event","function":"hello-js","name":"debug-sub","secrets":null,"tags":null}',
    answer: (status) =>
      `{"createdTime":<seconds>,"eventType":"test.event","function":"hello-js","kind":"Subscription","modifiedTime":<seconds>,"name":"debug-sub","secrets":null,"status":"${status}","tags":null}`,
    success: usual,
    status: prompt,
  },
  {
    word: "event driver type",
    collection: "/v1/event/drivertypes",
    name: "ticker",
    body: '{"config":null,"image":"dispatchframework/ticker:0.0.2","expose":false,"name":"ticker","tags":null}',
    answer: () =>
      '{"config":null,"created-time":<seconds>,"image":"dispatchframework/ticker:0.0.2","expose":false,"kind":"DriverType","modified-time":<seconds>,"name":"ticker","tags":null}',
    success: usual,
    status: statusless,
  },
  {
    word: "event driver",
    collection: "/v1/event/drivers",
    name: "tick1",
    body: '{"config":[{"key":"seconds","value":"2"}],"name":"tick1","reason":null,"secrets":null,"expose":false,"tags":[],"type":"ticker"}',
    answer: (status) =>
      `{"config":[{"key":"seconds","value":"2"}],"created-time":<seconds>,"kind":"Driver","modified-time":<seconds>,"name":"tick1","reason":null,"secrets":null,"expose":false,"status":"${status}","tags":null,"type":"ticker"}`,
    success: usual,
    status: prompt,
  },
  {
    word: "policy",
    collection: "/v1/iam/policy",
    name: "demo-admin",
    body: '{"name":"demo-admin","rules":[{"subjects":["cloudmaster"],"actions":["*"],"resources":["*"]}]}',
    answer: (status) =>
      `{"createdTime":<seconds>,"id":"<uuid>","kind":"Policy","modifiedTime":<seconds>,"name":"demo-admin","status":"${status}","rules":[{"actions":["*"],"resources":["*"],"subjects":["cloudmaster"]}]}`,
    success: usual,
    status: prompt,
  },
  {
    word: "service account",
    collection: "/v1/iam/serviceaccount",
    name: "cloudmaster",
    body: `{"domain":"example.com","name":"cloudmaster","publicKey":"${accountKey}"}`,
    answer: (status) =>
      `{"createdTime":<seconds>,"id":"<uuid>","kind":"ServiceAccount","modifiedTime":<seconds>,"name":"cloudmaster","publicKey":"${accountKey}","status":"${status}"}`,
    success: usual,
    status: { created: "READY", settled: "READY", updated: "READY", deleted: "DELETING" },
  },
  {
    word: "organization",
    collection: "/v1/iam/organization",
    name: "other",
    body: '{"name":"other"}',
    answer: (status) =>
      `{"createdTime":<seconds>,"id":"<uuid>","kind":"Organization","modifiedTime":<seconds>,"name":"other","status":"${status}"}`,
    success: usual,
    status: { created: "READY", settled: "READY", updated: "READY", deleted: "DELETING" },
  },
  {
    word: "application",
    collection: "/v1/application",
    name: "demo",
    body: '{"name":"demo","tags":null}',
    answer: (status) =>
      `{"createdTime":<seconds>,"id":"<uuid>","kind":"Application","modifiedTime":<seconds>,"name":"demo","status":"${status}","tags":null}`,
    success: { create: 200, update: 200, delete: 200 },
    status: { created: "READY", settled: "READY", updated: "READY", deleted: "DELETING" },
  },
];
