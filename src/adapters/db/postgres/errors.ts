/** What a PostgreSQL client's errors mean to the port. */
import { messageOf } from "../../../core/shared/message-of.ts";
import { DuplicateError } from "../../../core/shared/ports.ts";

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

/** SQLSTATE classes and codes (PostgreSQL, appendix A) after which nothing was done and the same may be tried again. */
const AGAIN = /^(40001|40P01)$/;
/** The server ends, starts, or cannot take another connection. */
const AWAY = /^(08...|57P0[123]|53300)$/;
/** As Node.js says it of the socket. */
const SOCKET = /^(ECONNREFUSED|ECONNRESET|EPIPE|ENOENT|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN)$/;
const SENTENCES = /Connection terminated|not queryable|Client was closed|timeout exceeded when trying to connect/;

/** The server cannot be reached: what was under way may or may not have been done. */
export function isAway(error: unknown): boolean {
  const code = codeOf(error);
  return AWAY.test(code) || SOCKET.test(code) || (error instanceof Error && SENTENCES.test(error.message));
}

/** Lost against another transaction: nothing was done. */
export function mayTryAgain(error: unknown): boolean {
  return AGAIN.test(codeOf(error));
}

/** As the port promises it. */
export function databaseError(error: unknown): Error {
  const message = messageOf(error);
  if (codeOf(error) === "23505") return new DuplicateError(message);
  return new Error(`database: ${message}`, { cause: error });
}
