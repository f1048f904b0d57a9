import type { Migration } from "./migration.ts";

/** The path of the folder with an image's dependencies becomes its name, so that a data folder can be moved. */
export const imageFolders: Migration = {
  number: 17,
  name: "image folders",
  statements: [named("resources", "built"), named("revisions", "revision.image")],
  postgres: ["resources", "revisions"].map(
    (table) =>
      `update ${table} set document = regexp_replace(document, '"folder":"([^"\\\\]|\\\\.)*/([0-9a-f]{64})"', '"folder":"\\2"')
       where document like '%"folder":"%'`,
  ),
};

/** The folder has the image's digest as its name. SQLite does not read JSON that nests very deep: such an image is built again. */
function named(table: string, image: string): string {
  const folder = `json_extract(document, '$.${image}.folder')`;
  return `update ${table} set document = json_set(document, '$.${image}.folder', json_extract(document, '$.${image}.digest'))
    where case when json_valid(document) then ${folder} end is not null`;
}
