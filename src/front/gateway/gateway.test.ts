import { once } from "node:events";
import { connect } from "node:net";
import { generate } from "selfsigned";
import { Agent } from "undici";
import { describe, expect, test } from "vitest";
import { DispatchError } from "../../core/shared/errors.ts";
import { formType, jsonType, post, raw, start } from "./gateway.fixture.ts";
import { createGateway } from "./gateway.ts";
import type { GatewayPorts } from "./ports.ts";

describe("requests as they were recorded (wire-examples 10)", () => {
  test("a JSON body comes back as JSON, with the id of its run", async () => {
    const { url, runs, principals } = await start();
    const answer = await post(url, '{"name":"Jon","place":"Winterfell"}');
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toBe("application/json");
    expect(answer.headers.get("x-dispatch-run-id")).toBe("run-1");
    expect(await answer.text()).toBe('{"name":"Jon","place":"Winterfell"}\n');
    expect(runs[0]).toMatchObject({ organization: "dispatch-server", functionName: "echo", blocking: true });
    expect(principals).toEqual([
      { kind: "endpoint", id: "cloudmaster", organization: "dispatch-server", via: "gateway", people: [] },
    ]);
  });

  test("a form becomes an object of strings", async () => {
    const { url } = await start();
    expect(await (await post(url, "name=VMware&place=Palo Alto", formType)).json()).toEqual({
      name: "VMware",
      place: "Palo Alto",
    });
  });

  test("a request that does not wait is accepted with 202, no body, and the id of its run", async () => {
    const { url, runs } = await start();
    const answer = await post(url, '{"name":"Jon"}', { ...jsonType, "x-dispatch-blocking": "false" });
    expect([answer.status, await answer.text(), answer.headers.get("content-type")]).toEqual([202, "", null]);
    expect(answer.headers.get("x-dispatch-run-id")).toBe("run-1");
    expect(runs[0]?.blocking).toBe(false);
  });

  test.each([
    ["application/json", "not json", "request body is not json"],
    ["text/plain", "some text", "request body type is not supported: text/plain"],
  ])("a body of type %s that says %j is refused and runs nothing", async (type, body, message) => {
    const { url, runs } = await start();
    const answer = await post(url, body, { "Content-Type": type });
    expect([answer.status, await answer.text()]).toEqual([400, `{"message":"${message}"}\n`]);
    expect(runs).toEqual([]);
  });

  test("another method or path finds no API", async () => {
    const { url } = await start();
    for (const answer of [await fetch(url), await post(`${url}/x`, "{}")]) {
      expect([answer.status, await answer.text()]).toEqual([404, '{"message":"no API found with those values"}\n']);
    }
  });

  test("a function that is not there is a 404 in the known words", async () => {
    const { url } = await start({
      run: () => {
        throw new DispatchError("NOT_FOUND", { kind: "function", name: "nosuchfn" });
      },
    });
    const answer = await post(url, "{}");
    expect([answer.status, await answer.text()]).toEqual([404, '{"message":"function nosuchfn not found"}\n']);
  });

  test("an organization named by the client has no effect", async () => {
    const { url, runs } = await start();
    await post(url, "{}", { ...jsonType, "X-Dispatch-Org": "other" });
    expect(runs[0]?.organization).toBe("dispatch-server");
  });

  test("CORS headers stand there once, exactly spelled, on results, errors and preflights", async () => {
    const { port, runs } = await start({ endpoint: { cors: true } });
    const requests = [
      "POST /dispatch-server/cloudmaster HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
      "POST /dispatch-server/cloudmaster HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Type: a/b\r\nContent-Length: 1\r\n\r\nx",
      "OPTIONS /dispatch-server/cloudmaster HTTP/1.1\r\nHost: h\r\nConnection: close\r\nAccess-Control-Request-Method: POST\r\n\r\n",
    ];
    const answers = await Promise.all(requests.map((request) => raw(port, request)));
    for (const answer of answers) {
      for (const name of ["Headers", "Methods", "Origin"])
        expect(answer.split(`\r\nAccess-Control-Allow-${name}: *\r\n`)).toHaveLength(2);
    }
    expect(answers[2]).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*Content-Length: 0\r\n[\s\S]*\r\n\r\n$/);
    expect(runs).toHaveLength(1);
  });
});

describe("hosts", () => {
  test("are compared without their port, IPv6 literals whole", async () => {
    const { port } = await start({ endpoint: { hosts: ["::1", "api.example.com"] } });
    const status = async (host: string) => {
      const request = `POST /dispatch-server/cloudmaster HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;
      return (await raw(port, request)).slice(9, 12);
    };
    expect(await Promise.all(["[::1]:8081", "api.example.com:80", "[::2]:8081"].map(status))).toEqual([
      "200",
      "200",
      "404",
    ]);
  });

  test("a path is compared decoded, and one that cannot be decoded is refused", async () => {
    const { port } = await start({ endpoint: { paths: ["/dispatch-server/a b"] } });
    const request = (path: string) =>
      raw(port, `POST ${path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    expect(await request("/dispatch-server/a%20b")).toMatch(/^HTTP\/1\.1 200 /);
    expect(await request("http://h/dispatch-server/a%20b")).toMatch(/^HTTP\/1\.1 200 /);
    expect(await request("/dispatch-server/%ff")).toMatch(/^HTTP\/1\.1 400 /);
  });
});

describe("an https-only endpoint", () => {
  const https = { protocols: ["https"] } as const;

  test("answers plain http with 400 and runs nothing", async () => {
    const { url, runs } = await start({ endpoint: https });
    const answer = await post(url, "{}");
    expect([answer.status, await answer.text()]).toEqual([400, '{"message":"Please use HTTPS protocol"}\n']);
    expect(runs).toEqual([]);
  });

  test("believes a proxy on the loopback that the caller came over https", async () => {
    const { url, runs } = await start({ endpoint: https });
    const headers = { ...jsonType, "X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9" };
    expect((await post(url, "{}", headers)).status).toBe(200);
    expect(JSON.parse(runs[0]?.httpContext ?? "")).toMatchObject({ scheme: "https", remote_addr: "203.0.113.9" });
  });

  test("does not believe a proxy that is not trusted, and tells the function nothing of what it said", async () => {
    const untrusting = { options: { trustedProxies: ["192.0.2.0/24"] } };
    const strict = await start({ endpoint: https, ...untrusting });
    expect((await post(strict.url, "{}", { ...jsonType, "X-Forwarded-Proto": "https" })).status).toBe(400);
    const { url, runs } = await start(untrusting);
    await post(url, "{}", { ...jsonType, "X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9" });
    expect(runs[0]?.httpContext).not.toMatch(/x-forwarded|203\.0\.113\.9/);
  });

  test("answers over TLS", async () => {
    const { cert, private: key } = await generate([{ name: "commonName", value: "127.0.0.1" }]);
    const { url } = await start({ endpoint: https, tls: { cert, key } });
    const dispatcher = new Agent({ connect: { rejectUnauthorized: false } });
    const answer = await dispatcher.request({
      origin: new URL(url).origin,
      path: new URL(url).pathname,
      method: "POST",
    });
    expect([answer.statusCode, await answer.body.text()]).toEqual([200, "{}\n"]);
    await dispatcher.close();
  });

  test("a trusted proxy must be an address", () => {
    expect(() => createGateway({ trustedProxies: ["10.0.0.0/99"] }, {} as GatewayPorts)).toThrow(
      /"10.0.0.0\/99" is neither/,
    );
  });
});

describe("the httpContext", () => {
  test("has the request line in both spellings and every header in lower case", async () => {
    const { url, runs } = await start();
    await post(`${url}?x=1&y=2`, "{}", { ...jsonType, "X-Custom": "a", Method: "forged", Cookie: "c=1" });
    const context = JSON.parse(runs[0]?.httpContext ?? "");
    const target = "/dispatch-server/cloudmaster?x=1&y=2";
    expect(context).toMatchObject({
      args: "x=1&y=2",
      method: "POST",
      request: target,
      request_uri: target,
      "request-uri": target,
      uri: target,
      scheme: "http",
      server_protocol: "HTTP/1.1",
      "server-protocol": "HTTP/1.1",
      upstream_uri: "echo",
      "upstream-uri": "echo",
      "x-custom": "a",
      cookie: "c=1",
      "content-type": "application/json",
      host: expect.stringContaining("127.0.0.1:"),
      "remote-addr": "127.0.0.1",
    });
  });

  test("of a public endpoint gives the function its credentials and the record a mask", async () => {
    const { url, runs } = await start();
    await post(url, "{}", { ...jsonType, Authorization: "Bearer s3cret", "Proxy-Authorization": "p4ss" });
    expect(JSON.parse(runs[0]?.httpContext ?? "")).toMatchObject({ authorization: "Bearer s3cret" });
    expect(JSON.parse(runs[0]?.recordedHttpContext ?? "")).toMatchObject({ authorization: "***" });
    expect(runs[0]?.httpContext).not.toContain("p4ss");
  });
});

describe("results", () => {
  test("a failed run says code, message and run", async () => {
    const { url } = await start({
      run: () => ({ runId: "run-7", status: "ERROR", error: { type: "FunctionError", message: "boom" } }),
    });
    const answer = await post(url, "{}");
    expect([answer.status, await answer.text()]).toEqual([502, '{"code":502,"message":"boom","runId":"run-7"}\n']);
    expect(answer.headers.get("x-dispatch-run-id")).toBe("run-7");
  });

  test("overload is a 429 that says when to come back", async () => {
    const values = { name: "echo", message: "its queue is full", retryAfter: 3 };
    const { url } = await start({
      run: () => {
        throw new DispatchError("OVERLOADED", values);
      },
    });
    const answer = await post(url, "{}");
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([429, "3"]);
    expect(await answer.json()).toEqual({ code: 429, message: expect.stringContaining("its queue is full") });
  });

  test("what nobody foresaw is logged and keeps its details from the caller", async () => {
    const { url, errors } = await start({
      run: () => {
        throw new TypeError("x is undefined");
      },
    });
    const answer = await post(url, "{}");
    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toContain("undefined");
    expect(errors).toHaveLength(1);
  });

  test("a function may shape its answer, also on a HEAD", async () => {
    const output = '{"statusCode":201,"headers":{"x-a":"b"},"body":{"id":1}}';
    const shaped = {
      endpoint: { httpResponse: true, methods: [] },
      run: () => ({ runId: "r", status: "READY", output }),
    };
    const { url } = await start(shaped);
    const answer = await post(url, "{}");
    expect([answer.status, answer.headers.get("x-a"), await answer.text()]).toEqual([201, "b", '{"id":1}\n']);
    const head = await fetch(url, { method: "HEAD" });
    expect([head.status, head.headers.get("content-length"), await head.text()]).toEqual([201, "9", ""]);
  });

  test("a text goes out in the charset of its label, or with the label of what went out", async () => {
    const { url } = await start({
      endpoint: { httpResponse: true, methods: [] },
      run: (request) => ({
        runId: "r",
        status: "READY",
        output: `{"statusCode":200,"headers":{"content-type":"text/html; charset=ISO-8859-1"},"body":${request.input}}`,
      }),
    });
    const sent = async (text: string) => {
      const answer = await post(url, JSON.stringify(text));
      return [answer.headers.get("content-type"), Buffer.from(await answer.arrayBuffer()).toString("hex")];
    };
    expect(await sent("Zoë")).toEqual(["text/html; charset=ISO-8859-1", "5a6feb"]);
    expect(await sent("€")).toEqual(["text/html; charset=utf-8", "e282ac"]);
  });

  test("the idempotency key passes through", async () => {
    const { url, runs } = await start();
    await post(url, "{}", { ...jsonType, "Idempotency-Key": "k1" });
    expect(runs[0]?.idempotency?.key).toBe("k1");
  });
});

describe("a body past the limit", () => {
  const small = { options: { maxBodyBytes: 10 } };
  const message = "the request body is larger than 10 bytes (setting max-body-bytes)";

  test("is refused by name when it says so, and the connection goes on", async () => {
    const { port, runs } = await start(small);
    const head = "POST /dispatch-server/cloudmaster HTTP/1.1\r\nHost: h\r\n";
    const big = `${head}Content-Length: 20\r\n\r\n${"x".repeat(20)}`;
    const answer = await raw(port, `${big}${head}Connection: close\r\nContent-Length: 0\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 413 [\s\S]*HTTP\/1\.1 200 OK/);
    expect(answer).toContain(`{"message":"${message}"}`);
    expect(runs).toHaveLength(1);
  });

  test("is refused when it only shows on the way", async () => {
    const { port, runs } = await start(small);
    const chunk = `b\r\n${"x".repeat(11)}\r\n`;
    const head =
      "POST /dispatch-server/cloudmaster HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
    expect(await raw(port, `${head}${chunk}0\r\n\r\n`)).toMatch(/^HTTP\/1\.1 413 /);
    expect(runs).toEqual([]);
  });
});

describe("endings", () => {
  test("a caller who leaves does not end the run", async () => {
    const started = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<string>();
    const { port, errors } = await start({
      run: async () => {
        started.resolve();
        await release.promise;
        ended.resolve("ended");
        return { runId: "r", status: "READY", output: "1" };
      },
    });
    const socket = connect(port, "127.0.0.1");
    socket.write("POST /dispatch-server/cloudmaster HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");
    await started.promise;
    socket.destroy();
    await once(socket, "close");
    release.resolve();
    expect(await ended.promise).toBe("ended");
    expect(errors).toEqual([]);
  });

  test("a caller who leaves in the middle of a body runs nothing and is no error", async () => {
    const { port, runs, errors, listener } = await start();
    const socket = connect(port, "127.0.0.1");
    socket.write("POST /dispatch-server/cloudmaster HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc");
    await once(socket, "connect");
    socket.destroy();
    await listener.close(1000);
    expect([runs, errors]).toEqual([[], []]);
  });

  test("an answer under way is sent before a stop, and its connection closed", async () => {
    const started = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    const { port, listener } = await start({
      run: async () => {
        started.resolve();
        await release.promise;
        return { runId: "r", status: "READY", output: "1" };
      },
    });
    const answer = raw(port, "POST /dispatch-server/cloudmaster HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");
    await started.promise;
    const closed = listener.close(10_000);
    release.resolve();
    expect(await answer).toMatch(/^HTTP\/1\.1 200 OK[\s\S]*Connection: close[\s\S]*\r\n\r\n1\n$/);
    await closed;
  });
});
