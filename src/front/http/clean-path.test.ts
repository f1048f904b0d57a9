import { expect, test } from "vitest";
import { cleanPath } from "./clean-path.ts";

test.each([
  ["/v1/function/./echo", "/v1/function/echo"],
  ["/v1/function/a/../echo?since=/./0", "/v1/function/echo?since=/./0"],
  ["/v1//event/./subscriptions//x/..", "/v1/event/subscriptions"],
  ["/v1/function/.echo", "/v1/function/.echo"],
  ["/v1/function/echo?path=/./", "/v1/function/echo?path=/./"],
  ["/v1/function/../secret/slack", "/v1/function/../secret/slack"],
  ["/v1/./function", "/v1/./function"],
  ["/./v1/function", "/./v1/function"],
  ["http://127.0.0.1/v1/function/./echo", "http://127.0.0.1/v1/function/./echo"],
])("%s is %s", (url, cleaned) => {
  expect(cleanPath(url)).toBe(cleaned);
});
