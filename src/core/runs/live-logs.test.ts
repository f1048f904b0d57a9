import { expect, test } from "vitest";
import { LastLines, LiveLogs } from "./live-logs.ts";

const source = (id: string, organization = "o") => ({ organization, id, functionName: "f", parent: undefined });

async function readAll(texts: AsyncGenerator<string>): Promise<string> {
  let all = "";
  for await (const text of texts) all += text;
  return all;
}

test("whoever follows a run hears its lines and its end, and nothing of other runs and organizations", async () => {
  const live = new LiveLogs();
  const follower = live.follow({ organization: "o", run: "r1" });
  live.line(source("r1"), "stdout", 'a "line"');
  live.line(source("r2"), "stdout", "of another run");
  live.line(source("r1", "foreign"), "stdout", "of another organization");
  live.ended(source("r1"), "READY");
  expect(await readAll(follower.texts())).toBe(
    ": the lines of runs as they are written\n\n" +
      'event: line\ndata: {"run":"r1","functionName":"f","stream":"stdout","line":"a \\"line\\""}\n\n' +
      'event: end\ndata: {"run":"r1","functionName":"f","status":"READY"}\n\n',
  );
  expect(live.followed).toBe(false);
});

test("one who is slow loses lines, hears how many, and still hears the end", async () => {
  const live = new LiveLogs();
  const follower = live.follow({ organization: "o", run: "r" });
  const line = "x".repeat(64 * 1024);
  for (let at = 0; at < 20; at++) live.line(source("r"), "stdout", line);
  live.ended(source("r"), "ERROR");
  const text = await readAll(follower.texts());
  const heard = text.match(/^event: line$/gm)?.length ?? 0;
  expect(heard).toBeLessThan(10);
  expect(text).toContain(`event: lost\ndata: {"lines":${20 - heard}}`);
  expect(text).toMatch(/event: end\n.*"status":"ERROR"}\n\n$/);
});

test("followers are bounded, and end when the server stops", async () => {
  const live = new LiveLogs();
  const followers = Array.from({ length: 200 }, () => live.follow({ organization: "o" }));
  expect(() => live.follow({ organization: "o" })).toThrow(/200/);
  live.close();
  await Promise.all(followers.map((one) => readAll(one.texts())));
  expect(live.followed).toBe(false);
});

test("the last lines of a run are kept up to a limit", () => {
  const lines = new LastLines();
  for (let at = 0; at < 100_000; at++) lines.add("stdout", `line ${at}`);
  expect(lines.all.at(-1)?.line).toBe("line 99999");
  expect(lines.all.reduce((sum, { line }) => sum + line.length + 1, 0)).toBeLessThanOrEqual(64 * 1024);
});
