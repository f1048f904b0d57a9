import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openPostgres } from "../../src/adapters/db/postgres/postgres.ts";
import type { CloudEvent } from "../../src/core/cloud-events/cloud-event.ts";
import { Received } from "../../src/core/events/received.ts";
import { type Database, DuplicateError } from "../../src/core/shared/ports.ts";
import { statement } from "../../src/core/shared/statement.ts";
import { addressIn, NO_POSTGRES, PostgresServer, postgresPrograms, runSql } from "../support/postgres.ts";
import { databaseContract } from "./db.ts";

const programs = postgresPrograms();
if (programs === undefined) test.skip(`PostgreSQL as the database: ${NO_POSTGRES}`, () => {});
else withPostgres(new PostgresServer(programs));

const insert = statement((database, { key, value }: { key: string; value: string }) =>
  database.insertInto("settings").values({ organization: "o", key, value }),
);

function withPostgres(server: PostgresServer): void {
  let contract = "";
  beforeAll(async () => {
    await server.start();
    contract = await server.create("contract");
  });
  afterAll(() => server.dispose());

  databaseContract("postgres", () => openPostgres(contract));

  const withDatabase = async (name: string, use: (database: Database, address: string) => Promise<void>) => {
    const address = await server.create(name);
    const database = await openPostgres(address);
    try {
      await use(database, address);
    } finally {
      await database.close();
    }
  };

  const keysOf = async ({ query }: Database): Promise<string[]> => {
    const rows = await query.selectFrom("settings").select("key").orderBy("key").execute();
    return rows.map(({ key }) => key);
  };

  test("events with long names are received once each, on PostgreSQL too", async () => {
    await withDatabase("received", async (database) => {
      const received = new Received();
      const receive = (id: string, source: string) => {
        const event = { cloudEventsVersion: "0.1", eventType: "a.b", source, eventID: id } as CloudEvent;
        return database.commit(received.receive("o", event, 1, true));
      };
      const long = (last: string) => `${Array.from({ length: 9000 }, (_, n) => n.toString(36)).join("")}${last}`;
      await receive(long("a"), "s");
      await receive(long("b"), "s");
      await receive("1", long("a"));
      await receive("ä".repeat(256), "😀".repeat(128));
      await expect(receive(long("a"), "s")).rejects.toBeInstanceOf(DuplicateError);
      await expect(receive("1", long("a"))).rejects.toBeInstanceOf(DuplicateError);
    });
  });

  describe("a PostgreSQL server", () => {
    test("that is restarted is waited for: what was asked meanwhile is done once", async () => {
      await withDatabase("restarted", async (database) => {
        await database.commit([insert({ key: "before", value: "1" })]);
        await server.stop("SIGQUIT");
        const writes = ["a", "b", "c"].map((key) => database.commit([insert({ key, value: "1" })]));
        const reading = keysOf(database);
        await server.start();
        await Promise.all(writes);
        await reading;
        expect(await keysOf(database)).toEqual(["a", "b", "before", "c"]);
      });
    });

    test("that crashes under many writes loses nothing that was promised, and does nothing twice", async () => {
      await withDatabase("crashing", async (database) => {
        const promised: string[] = [];
        const writer = async (name: string): Promise<void> => {
          for (let turn = 0; turn < 60; turn++) {
            const key = `${name}-${String(turn).padStart(2, "0")}`;
            await database.commit([insert({ key, value: "1" })]);
            promised.push(key);
          }
        };
        const writers = ["u", "v", "w", "x"].map(writer);
        for (let crash = 0; crash < 3; crash++) {
          await new Promise((resolve) => setTimeout(resolve, 30));
          await server.stop("SIGQUIT");
          await server.start();
        }
        await Promise.all(writers);
        expect(await keysOf(database)).toEqual(promised.toSorted());
      });
    });

    test("that ends the connection in the middle of a group is asked again", async () => {
      await withDatabase("cut", async (database, address) => {
        const writes = Array.from({ length: 200 }, (_, at) => database.commit([insert({ key: `k${at}`, value: "1" })]));
        await runSql(address, [
          "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'dispatch-server' and datname = 'cut'",
        ]);
        await Promise.all(writes);
        expect(await keysOf(database)).toHaveLength(200);
      });
    });

    test("has one dispatch-server at a time for a database, and the next when that is gone", async () => {
      await withDatabase("shared", async (_, address) => {
        await expect(openPostgres(address)).rejects.toThrow(
          /cannot open the database .*in use by another dispatch-server/,
        );
      });
      await (await openPostgres(addressIn(server.folder, "shared"))).close();
    });

    test("whose database was made by a newer Dispatch is refused", async () => {
      const address = await server.create("newer");
      await (await openPostgres(address)).close();
      await runSql(address, ["insert into shape (number) values (9999)"]);
      await expect(openPostgres(address)).rejects.toThrow(/was made by a newer Dispatch \(shape 9999/);
    });

    test("is named without a password", async () => {
      await expect(openPostgres("postgres://me:secret@127.0.0.1/x")).rejects.toThrow(
        /holds no password: set PGPASSWORD/,
      );
    });

    test("that is not there is told with its address", async () => {
      await expect(openPostgres("postgres://me@/x?host=/nonexistent")).rejects.toThrow(
        /cannot open the database postgres:\/\/me@\/x.*ENOENT/,
      );
    });
  });
}
