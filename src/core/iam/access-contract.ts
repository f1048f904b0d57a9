/** The routes about the caller and the server itself (server.md 2.13). */
import type { Operations } from "../shared/contract.ts";

const message = { type: "object", properties: { message: { type: "string" } } } as const;
const text = { type: "string" } as const;

export const accessOperations = {
  getRoot: {
    method: "GET",
    path: "/",
    permission: { resource: "root", action: "get" },
    success: 200,
    summary: "Say that somebody is there",
    anonymous: true,
    organization: "optional",
    response: message,
  },
  getHome: {
    method: "GET",
    path: "/home",
    permission: { resource: "home", action: "get" },
    success: 200,
    summary: "Try a credential",
    response: message,
  },
  getVersion: {
    method: "GET",
    path: "/v1/version",
    permission: { resource: "version", action: "get" },
    success: 200,
    summary: "Get the version of the server",
    anonymous: true,
    organization: "optional",
    response: {
      type: "object",
      properties: {
        version: text,
        commit: text,
        buildDate: text,
        goVersion: text,
        compiler: text,
        platform: text,
      },
    },
  },
  authorizeForwarded: {
    method: "GET",
    path: "/v1/iam/auth",
    permission: { resource: "iam", action: "get" },
    success: 202,
    summary: "Judge the request that a proxy names in X-Original-Method and X-Auth-Request-Redirect",
    organization: "optional",
  },
  redirectWithCookie: {
    method: "GET",
    path: "/v1/iam/redirect",
    permission: { resource: "iam", action: "get" },
    success: 302,
    summary: "Hand the browser's session cookie to a command line that waits on this machine",
    organization: "optional",
    query: { type: "object", properties: { redirect: text } },
  },
} as const satisfies Operations;
