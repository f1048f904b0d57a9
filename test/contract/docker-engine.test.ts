/** The client of the Engine API against a real engine. */

import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { create } from "tar";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Engine } from "../../src/adapters/docker/engine.ts";
import { findDockerObstacle, startDocker, type TestDocker } from "../support/docker.ts";
import { suiteName } from "./runtime-harness.ts";

const obstacle = findDockerObstacle();
const LABELS = { "tests.mine": "yes" };

const contextOf = (dockerfile: string): Readable => {
  const folder = mkdtempSync(join(tmpdir(), "dispatch-context-"));
  writeFileSync(join(folder, "Dockerfile"), dockerfile);
  return Readable.from(create({ cwd: folder, portable: true }, ["."]));
};

describe.skipIf(obstacle !== undefined)(
  suiteName("the client of the Docker engine", obstacle),
  { timeout: 60_000, retry: 2 },
  () => {
    let docker: TestDocker;
    let engine: Engine;
    beforeAll(async () => {
      docker = await startDocker();
      engine = docker.engine;
    });
    afterAll(() => docker?.close());

    const build = (dockerfile: string, tag: string, heard: string[] = []): Promise<void> => {
      const order = { context: contextOf(dockerfile), tag, args: { BASE: docker.bases.nodejs }, labels: LABELS };
      return engine.build({ ...order, network: "none", memory: 512 * 1024 * 1024 }, (line) => heard.push(line));
    };

    test("it says which engine it is, and an engine that is not there is a sentence with the remedy", async () => {
      expect(await engine.version()).toMatchObject({ ApiVersion: expect.stringMatching(/^1\.\d+$/) });
      const none = new Engine("/nowhere/docker.sock");
      await expect(none.version()).rejects.toThrow(
        /\/nowhere\/docker\.sock does not answer \(ENOENT\): start it .*--docker-socket/,
      );
    });

    test("a build gives a named image with labels and arguments, and its output as it happens", async () => {
      const heard: string[] = [];
      await build("ARG BASE\nFROM $BASE\nRUN echo built by $BASE\n", "tests/built:1", heard);
      expect(heard.join("\n")).toMatch(/^Step 1\/\d : ARG BASE\n[\s\S]*Step 3\/\d : RUN echo/);
      const image = await engine.image("tests/built:1");
      expect(image).toMatchObject({ RepoTags: ["tests/built:1"], Config: { Labels: LABELS } });
      expect((await engine.images(LABELS)).map(({ Id }) => Id)).toEqual([image?.Id]);
      await engine.removeImage("tests/built:1");
      expect(await engine.image("tests/built:1")).toBeUndefined();
      await engine.removeImage("tests/built:1");
    });

    test("a failing step is told with the engine's line and the step's own output, and nothing is left", async () => {
      const failing = build(
        "ARG BASE\nFROM $BASE\nRUN echo before\nRUN echo this is why >&2; exit 7\n",
        "tests/failed:1",
      );
      const error = await failing.catch((reason: Error) => reason);
      expect(String(error)).toMatch(/returned a non-zero code: 7[\s\S]*this is why/);
      expect(String(error)).not.toContain("before");
      expect(await engine.image("tests/failed:1")).toBeUndefined();
      expect(await engine.containers({})).toEqual([]);
    });

    test("an image that no registry gives is a failure in the registry's words", async () => {
      await expect(engine.pull("127.0.0.1:1/nothing:1", () => {})).rejects.toThrow(/Docker: .*127\.0\.0\.1:1/);
    });

    test("a container runs, is heard, ends with its code, and is gone when it is removed", async () => {
      const configuration = (script: string) => ({
        Image: docker.bases.nodejs,
        Cmd: ["node", "-e", script],
        Labels: LABELS,
        HostConfig: { NetworkMode: "none" },
      });
      const id = await engine.createContainer(
        "tests-one",
        configuration('console.log("out"); console.error("err"); process.exit(3)'),
      );
      await engine.startContainer(id);
      await engine.ended(id);
      expect((await engine.container(id))?.State).toMatchObject({ Running: false, ExitCode: 3, OOMKilled: false });
      expect((await engine.logs(id, 10)).split("\n").toSorted()).toEqual(["", "err", "out"]);
      expect((await engine.containers(LABELS)).map(({ Id }) => Id)).toEqual([id]);
      expect(await engine.containers({ "tests.mine": "no" })).toEqual([]);
      await engine.removeContainer(id);
      expect(await engine.container(id)).toBeUndefined();
      await engine.removeContainer(id);
      await engine.stopContainer(id, 0);
      await engine.ended(id);
    });

    test("the end of a long output is read, and no more than that", async () => {
      const script = 'for (let i = 0; i < 100000; i += 1) console.log("x".repeat(100) + i)';
      const id = await engine.createContainer("tests-long", {
        Image: docker.bases.nodejs,
        Cmd: ["node", "-e", script],
        HostConfig: { NetworkMode: "none" },
      });
      await engine.startContainer(id);
      await engine.ended(id);
      expect(await engine.logs(id, 2)).toMatch(/^x+99998\nx+99999\n$/);
      expect((await engine.logs(id, 100_000)).length).toBeLessThan(200_000);
      await engine.removeContainer(id);
    });

    test("what the engine refuses is said in its words, with its status", async () => {
      await expect(engine.createContainer("tests-none", { Image: "no/such:image" })).rejects.toMatchObject({
        status: 404,
        message: expect.stringContaining("no/such:image"),
      });
      await expect(engine.createContainer("a name with blanks", { Image: docker.bases.nodejs })).rejects.toMatchObject({
        status: 400,
      });
    });

    test("networks are made, found by their label, and removed", async () => {
      await engine.createNetwork({ name: "tests", bridge: "dsptests0", internal: true, labels: LABELS });
      const found = await engine.networks(LABELS);
      expect(found).toMatchObject([{ Name: "tests" }]);
      const id = found[0]?.Id ?? "";
      await engine.removeNetwork(id);
      expect(await engine.networks(LABELS)).toEqual([]);
      await engine.removeNetwork(id);
    });
  },
);
