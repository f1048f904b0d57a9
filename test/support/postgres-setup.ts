/** Starts a PostgreSQL server for the tests of one vitest project, and tells them where it is. */
import type { TestProject } from "vitest/node";
import { PostgresServer, postgresPrograms } from "./postgres.ts";

export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const programs = postgresPrograms();
  if (programs === undefined) return undefined;
  const server = new PostgresServer(programs);
  await server.start();
  project.provide("postgres", server.folder);
  return () => server.dispose();
}
