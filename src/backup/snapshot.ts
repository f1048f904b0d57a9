/** A consistent copy of the database as a stream: through the server when one runs, straight from the file when none does. */
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { open, rm } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import Database from "better-sqlite3";
import { shapeOf } from "../adapters/db/migrate.ts";
import { controlFolder, socketPath } from "./control-path.ts";

export interface Snapshot {
  readonly bytes: number;
  readonly shape: number;
  /** The bytes; to be read once, wholly. */
  readonly content: AsyncIterable<Buffer>;
  /** To be called when the blobs have been read, too. */
  close(): Promise<void>;
}

/** @throws Error with a sentence. */
export async function takeSnapshot(dataDir: string, databaseFile: string): Promise<Snapshot> {
  if (!existsSync(databaseFile)) {
    throw new Error(
      `there is nothing to back up: ${databaseFile} does not exist; --data-dir says where the server keeps everything`,
    );
  }
  const server = await connectToServer(dataDir);
  return server === undefined ? fromFile(dataDir, databaseFile) : fromServer(server);
}

/** The connection to the server that runs on this data folder; undefined when none does. */
export async function connectToServer(dataDir: string): Promise<Socket | undefined> {
  if (!existsSync(join(controlFolder(dataDir), "dispatch.sock"))) return undefined;
  const address = socketPath(dataDir);
  const socket = connect({ path: address.path, allowHalfOpen: true });
  try {
    await once(socket, "connect");
    return socket;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ECONNREFUSED" || code === "ENOENT") return undefined;
    throw new Error(
      `the server on ${dataDir} cannot be asked (${String(code)}): run this as the server's user, or as root`,
    );
  } finally {
    address.close();
  }
}

async function fromServer(socket: Socket): Promise<Snapshot> {
  socket.write("backup 1\n");
  const chunks = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  const { line, rest } = await firstLine(chunks);
  const { bytes, shape, error } = JSON.parse(line) as { bytes?: number; shape?: number; error?: string };
  if (bytes === undefined || shape === undefined) throw new Error(`the server made no copy: ${error ?? line}`);
  const close = async (): Promise<void> => void socket.destroy();
  return { bytes, shape, content: exactly(bytes, rest, chunks), close };
}

const BROKEN_OFF = "the server broke off: is it stopping?";

async function firstLine(chunks: AsyncIterator<Buffer>): Promise<{ line: string; rest: Buffer }> {
  let seen: Buffer = Buffer.alloc(0);
  for (;;) {
    const end = seen.indexOf(0x0a);
    if (end >= 0) return { line: seen.subarray(0, end).toString(), rest: seen.subarray(end + 1) };
    const { value, done } = await chunks.next();
    if (done === true) throw new Error(BROKEN_OFF);
    seen = Buffer.concat([seen, value]);
  }
}

/** The connection stays open behind the last byte, so its end cannot be waited for. */
async function* exactly(bytes: number, first: Buffer, chunks: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  let left = bytes - first.length;
  yield first;
  while (left > 0) {
    const { value, done } = await chunks.next();
    if (done === true) throw new Error(BROKEN_OFF);
    left -= value.length;
    yield value;
  }
}

/** No server can start on the file before the copy is made. */
async function fromFile(dataDir: string, databaseFile: string): Promise<Snapshot> {
  const database = openAlone(databaseFile);
  const copyPath = join(dataDir, `.backup-${randomUUID()}.db`);
  const file = await open(copyPath, "wx+", 0o600);
  const close = async (): Promise<void> => {
    database.close();
    await file.close();
    await rm(copyPath, { force: true });
  };
  try {
    await database.backup(copyPath);
    const { size } = await file.stat();
    const content = file.createReadStream({ start: 0, autoClose: false }) as AsyncIterable<Buffer>;
    return { bytes: size, shape: shapeOf(database), content, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Opens the database as the only one. @throws Error with a sentence when somebody has it. */
export function openAlone(path: string): Database.Database {
  const database = new Database(path, { fileMustExist: true, timeout: 500 });
  try {
    database.pragma("locking_mode = EXCLUSIVE");
    database.exec("begin immediate; commit");
    return database;
  } catch (error) {
    database.close();
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (!code.startsWith("SQLITE_BUSY")) throw error;
    throw new Error(`the database ${path} is in use: stop the program that has it open, and repeat`);
  }
}
