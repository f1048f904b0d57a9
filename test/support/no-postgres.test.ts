import { test } from "vitest";
import { NO_POSTGRES, postgresPrograms } from "./postgres.ts";

test.skipIf(postgresPrograms() === undefined)(`PostgreSQL is there to be tried (${NO_POSTGRES})`, () => {});
