/** What happens to a data folder between two starts: it is moved, or dependencies in it are deleted. */
import { readdir, rename, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { databaseContent } from "../support/database.ts";
import { Dispatch, parse, serverWith } from "../support/dispatch.ts";
import { type ServerProcess, startServer, temporaryFolder } from "../support/server.ts";
import { until } from "../support/until.ts";

interface ImageObject {
  readonly status: string;
  readonly reason: string[] | null;
}

/** Dependencies that need no registry: the manifest's own script makes them. */
const manifest = JSON.stringify({
  scripts: { install: "mkdir -p node_modules/word && echo 'module.exports = \"sesame\"' > node_modules/word/index.js" },
});
const says = { "f.js": "module.exports = () => require('word');" };

/** `last`: what is done before it stops. */
async function stoppedServer(last: (dispatch: Dispatch) => Promise<unknown> = async () => {}): Promise<ServerProcess> {
  const { server, dispatch } = await serverWith(["nodejs"]);
  await dispatch.post("/v1/image", { name: "words", baseImageName: "nodejs-base", runtimeDependencies: { manifest } });
  expect((await dispatch.createFunction("says", says, { image: "words" })).reason).toBe(null);
  expect((await dispatch.run("says")).output).toBe("sesame");
  await last(dispatch);
  await server.stop();
  return server;
}

async function started(dataDir: string): Promise<{ server: ServerProcess; dispatch: Dispatch }> {
  const server = await startServer({ dataDir });
  onTestFinished(() => server.dispose());
  return { server, dispatch: new Dispatch(server.api) };
}

function settledImage(dispatch: Dispatch): Promise<ImageObject> {
  return until("the image is built", async () => {
    const image = parse<ImageObject>(await dispatch.get("/v1/image/words"));
    return image.status === "READY" || image.status === "ERROR" ? image : undefined;
  });
}

/** Folders of dependencies. */
async function foldersOf(dataDir: string): Promise<string[]> {
  const names = await readdir(join(dataDir, "images"));
  return names.filter((name) => /^[0-9a-f]{64}$/.test(name)).map((name) => join(dataDir, "images", name));
}

const loss = "the dependencies of an image are gone, or their interpreter is of another version now: it is built again";

test("a data folder that was moved works, because the database names no place in it", async () => {
  const { dataDir } = await stoppedServer();
  expect((await databaseContent(dataDir)).includes(join(dataDir, "images"))).toBe(false);
  const parent = await temporaryFolder();
  onTestFinished(() => rm(parent, { recursive: true, force: true }));
  const elsewhere = join(parent, basename(dataDir));
  await rename(dataDir, elsewhere);
  const { server, dispatch } = await started(elsewhere);
  expect(parse<ImageObject>(await dispatch.get("/v1/image/words")).status).toBe("READY");
  expect((await dispatch.run("says")).output).toBe("sesame");
  expect(server.log.map(({ msg }) => msg)).not.toContain(loss);
});

test("dependencies that were deleted between two starts are installed again, and the function follows", async () => {
  const { dataDir } = await stoppedServer();
  for (const folder of await foldersOf(dataDir)) await rm(folder, { recursive: true });
  const { server, dispatch } = await started(dataDir);
  expect(server.log.map(({ msg }) => msg)).toContain(loss);
  expect(await settledImage(dispatch)).toMatchObject({ status: "READY", reason: null });
  expect(await foldersOf(dataDir)).toHaveLength(1);
  expect(await dispatch.built("says")).toMatchObject({ status: "READY" });
  expect((await dispatch.run("says")).output).toBe("sesame");
});

test("dependencies that are gone and cannot be installed again are told, at the image and at its function", async () => {
  const { dataDir } = await stoppedServer((dispatch) => dispatch.delete("/v1/baseimage/nodejs-base"));
  for (const folder of await foldersOf(dataDir)) await rm(folder, { recursive: true });
  const { dispatch } = await started(dataDir);
  const reason = "base image nodejs-base not found";
  expect(await settledImage(dispatch)).toMatchObject({ status: "ERROR", reason: [reason] });
  expect(await dispatch.built("says")).toMatchObject({ status: "ERROR", reason: [expect.stringContaining(reason)] });
});
