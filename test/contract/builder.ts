/** What every builder driver must do, with the real installers. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { BuildError, type Builder, type ImageSpec, type Language } from "../../src/core/shared/ports.ts";

export interface BuilderCase {
  readonly language: Language;
  readonly emptyManifests: readonly string[];
  /** A manifest with one tiny package, a file of it in the image, and what the lock says of it. */
  readonly tiny: { readonly manifest: string; readonly file: string; readonly lock: string };
  readonly missing: { readonly manifest: string; readonly complaint: string };
  /** Why packages cannot be fetched on this machine; undefined when they can. */
  readonly unreachable: string | undefined;
}

export const ignore = (): void => undefined;

export function imageSpec(language: Language, manifest: string, organization = "acme"): ImageSpec {
  return { organization, baseImage: "any", language, manifest, systemPackages: [] };
}

/** The one user of everything that was installed: the server's own unless it is root. */
function installerOf(folder: string): number {
  const [output = ""] = readdirSync(folder).filter((name) => name !== "image.json");
  const { uid } = statSync(join(folder, output));
  if (process.getuid?.() === 0) expect(uid % 10_000).toBeGreaterThanOrEqual(8000);
  return uid;
}

/** `restarted`: one that finds what `builder` has left, as a server that starts again; `images`: the folder of both. */
export function builderContract(
  name: string,
  builder: () => Builder,
  restarted: () => Builder,
  images: string,
  cases: readonly BuilderCase[],
): void {
  describe.each(cases)(
    `${name} builder for $language`,
    { timeout: 60_000 },
    ({ language, emptyManifests, tiny, missing, unreachable }) => {
      const online = test.skipIf(unreachable !== undefined);
      const why = unreachable === undefined ? "" : ` (SKIPPED: ${unreachable})`;

      test("finds the interpreter and its version", async () => {
        expect(await builder().check({ image: "any", language })).toMatchObject({
          available: true,
          version: expect.stringMatching(/^\d+\.\d+/),
        });
      });

      test.each(emptyManifests)("makes no folder for the empty manifest %j", async (manifest) => {
        const image = await builder().build(imageSpec(language, manifest), ignore);
        expect(image).toMatchObject({ digest: expect.stringMatching(/^[0-9a-f]{64}$/), lock: "" });
        expect(image.folder).toBeUndefined();
        expect(await builder().holds(image)).toBe(true);
      });

      online(`installs a package, says what it does, and locks what was resolved${why}`, async () => {
        const lines: string[] = [];
        const image = await builder().build(imageSpec(language, tiny.manifest), (line) => lines.push(line));
        expect(existsSync(join(images, image.folder ?? "", tiny.file))).toBe(true);
        expect(image.lock).toContain(tiny.lock);
        expect(lines.length).toBeGreaterThan(0);
      });

      online(`gives the same folder for the same manifest, also when asked at once${why}`, async () => {
        const builds = Array.from({ length: 4 }, () => builder().build(imageSpec(language, tiny.manifest), ignore));
        const images = await Promise.all(builds);
        expect(new Set(images.map(({ folder }) => folder)).size).toBe(1);
      });

      online(`never shares a folder between organizations${why}`, async () => {
        const [one, other] = await Promise.all(
          ["acme", "other"].map((organization) =>
            builder().build(imageSpec(language, tiny.manifest, organization), ignore),
          ),
        );
        expect(one?.folder).not.toBe(other?.folder);
      });

      online(`makes images that everybody can read and no function owns${why}`, async () => {
        const { folder: imageFolder = "" } = await builder().build(imageSpec(language, tiny.manifest), ignore);
        const folder = join(images, imageFolder);
        for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
          const { mode, uid } = statSync(join(folder, name));
          expect([name, mode & 0o7022, mode & 0o444]).toEqual([name, 0, 0o444]);
          if (name !== "image.json") expect([name, uid]).toEqual([name, installerOf(folder)]);
        }
        expect(statSync(folder).uid).toBe(process.getuid?.());
      });

      online(
        `collects an image that nobody uses, but not one that was just given; and installs it again when it is asked for${why}`,
        async () => {
          const spec = imageSpec(language, tiny.manifest, "removing");
          const image = await builder().build(spec, ignore);
          const path = join(images, image.folder ?? "");
          expect([existsSync(path), await builder().holds(image)]).toEqual([true, true]);
          await builder().collect(() => false);
          expect([existsSync(path), await builder().holds(image)]).toEqual([true, true]);
          const next = restarted();
          await next.collect((digest) => digest === image.digest);
          expect(existsSync(path)).toBe(true);
          await next.collect(() => false);
          expect([existsSync(path), await next.holds(image)]).toEqual([false, false]);
          // The next build comes while it is collected.
          const [again] = await Promise.all([next.build(spec, ignore), next.collect(() => false)]);
          expect(await next.holds(again)).toBe(true);
        },
      );

      online(`fails with the installer's own words for a package that does not exist${why}`, async () => {
        const building = builder().build(imageSpec(language, missing.manifest), ignore);
        await expect(building).rejects.toThrow(BuildError);
        await expect(building).rejects.toThrow(missing.complaint);
      });
    },
  );
}
