import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";

const PRINT = `
  import { connectionShare, fewFilesWarning } from ${JSON.stringify(new URL("./open-files.ts", import.meta.url).href)};
  console.log(JSON.stringify([connectionShare(), fewFilesWarning() ?? ""]));`;

/** A listener that 80 silent clients flood, and another: prints how many connections the first keeps, and what the other answers. */
const FLOOD = `
  import { once } from "node:events";
  import { connect } from "node:net";
  import { listen } from ${JSON.stringify(new URL("./listen.ts", import.meta.url).href)};
  const front = { listener: (_request, response) => response.end("whole"), stop: () => {} };
  const open = () => listen(front, { host: "127.0.0.1", port: 0 });
  const [flooded, other] = [await open(), await open()];
  let kept = 80;
  for (let at = 0; at < 80; at++) connect(flooded.port, "127.0.0.1").on("error", () => {}).once("close", () => kept--);
  for (const giveUp = Date.now() + 8000; kept > 51 && Date.now() < giveUp; ) await new Promise((soon) => setTimeout(soon, 50));
  await new Promise((soon) => setTimeout(soon, 200));
  const client = connect(other.port, "127.0.0.1");
  client.write("GET / HTTP/1.1\\r\\nhost: a\\r\\nconnection: close\\r\\n\\r\\n");
  const [answer] = await once(client, "data");
  console.log(JSON.stringify([kept, String(answer).split("\\r\\n")[0]]));
  process.exit();`;

/** What a program prints in a process that may open so many files. */
function underLimit<T>(most: number, program: string): T {
  const script = `ulimit -n ${most} && exec "$0" --input-type=module -e "$1"`;
  return JSON.parse(execFileSync("sh", ["-c", script, process.execPath, program], { encoding: "utf8" }));
}

const told = (most: number) => underLimit<[share: number, warning: string]>(most, PRINT);

test("where few files may be open, no listener takes all, and the log says how to raise it", () => {
  const [share, warning] = told(256);
  expect(share).toBe(51);
  expect(warning).toMatch(/^only 256 files and connections .* start the server with ulimit -n 65536/);
});

test("where many may be open, nothing is said", () => {
  expect(told(4096)).toEqual([819, ""]);
});

test("a flood of connections gets a listener's share of them, and the others go on", () => {
  expect(underLimit(256, FLOOD)).toEqual([51, "HTTP/1.1 200 OK"]);
});
