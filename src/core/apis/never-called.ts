/** Methods and hosts that no request can have. They are taken, as older servers took them; the API says that they wait in vain. */
import { nearest } from "../shared/nearest.ts";
import type { ApiDocument } from "./endpoint.ts";

/** Those that HTTP defines (RFC 9110, 5789), and those of WebDAV and its like that servers take. */
const knownMethods = new Set(
  "GET HEAD POST PUT PATCH DELETE OPTIONS TRACE CONNECT ACL BIND CHECKOUT COPY LINK LOCK M-SEARCH MERGE MKACTIVITY MKCALENDAR MKCOL MOVE NOTIFY PROPFIND PROPPATCH PURGE QUERY REBIND REPORT SEARCH SOURCE SUBSCRIBE UNBIND UNLINK UNLOCK UNSUBSCRIBE".split(
    " ",
  ),
);

/** A sentence for each. */
export function neverCalled({ methods, hosts }: ApiDocument): string[] {
  const words = (methods ?? []).filter((method) => !knownMethods.has(method));
  const names = (hosts ?? []).filter((host) => !isHostName(host));
  return [...words.map(ofMethod), ...names.map(ofHost)];
}

function ofMethod(word: string): string {
  const meant = nearest(word, [...knownMethods]);
  const hint = meant === undefined ? "leave methods out for all of them" : `did you mean ${meant}?`;
  return `no request has the method ${JSON.stringify(word)}: ${hint}`;
}

/** An address with scheme, port or path, or a pattern. */
function ofHost(host: string): string {
  const advice = "write the name alone, such as chat.example.com, without scheme, port, path or *";
  return `no request has the host ${JSON.stringify(host)}: ${advice}`;
}

function isHostName(host: string): boolean {
  const isAddress = /^(?:\[[\da-f:.]+\]|[\da-f:.]*:[\da-f:.]*:[\da-f:.]*)$/i.test(host);
  return isAddress || /^[\w-]+(?:\.[\w-]+)*\.?$/.test(host);
}
