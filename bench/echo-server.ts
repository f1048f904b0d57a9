/** What everything is compared with: node:http alone, which parses a JSON body and answers it. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

const server = createServer((request, response) => {
  let text = "";
  request.setEncoding("utf8");
  request.on("data", (chunk: string) => {
    text += chunk;
  });
  request.on("end", () => {
    const body = JSON.stringify(JSON.parse(text));
    response.writeHead(200, { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) });
    response.end(body);
  });
});

server.listen(0, "127.0.0.1", () => {
  console.log(`echo at http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
