/** The audit log as it is read, checked and sealed. */

import type { AuditTable } from "../shared/database-schema.ts";
import { EVERYWHERE, type Iam } from "../shared/iam.ts";
import type { Principal } from "../shared/principal.ts";
import { writeArchive } from "./archive.ts";
import { auditStatement } from "./audit.ts";
import { beginning, Chain, type Link } from "./chain.ts";
import type { AuditVerdict } from "./contract.ts";
import { dropBefore, oldEntries, type Step } from "./cut.ts";
import { type AuditList, type AuditSelection, listAudit } from "./list.ts";
import type { Seal } from "./seal.ts";
import { Seals, type SealsPorts } from "./seals.ts";

export interface AuditPorts extends SealsPorts {
  /** Where old entries go. */
  readonly archive: string;
  readonly iam: Iam;
  readonly log: SealsPorts["log"] & { error(details: object, message: string): void };
}

/** Who cuts the log. */
const retention: Principal = { kind: "system", id: "retention", organization: "", via: "internal" };

const SEAL_EVERY_MS = 1000;
/** Rows that are read and checked in one go. */
const PAGE = 500;
/** A check that nobody waits for leaves the time between its pages to others. */
const PAUSE_MS = 25;

export class Audit {
  readonly #ports: AuditPorts;
  readonly #seals: Seals;
  #seal: Seal | undefined;
  /** What is wrong; then nothing is sealed any more, so that it stays visible. */
  #fault: string | undefined;
  #checked = false;
  #stopped = false;
  #timer: NodeJS.Timeout | undefined;
  #sealing: Promise<void> = Promise.resolve();

  constructor(ports: AuditPorts) {
    this.#ports = ports;
    this.#seals = new Seals(ports);
  }

  /** Checks what was written since the last seal, then seals. The whole log is checked afterwards, page by page. */
  async start(): Promise<void> {
    const known = await this.#seals.read();
    if (known.fault === undefined) await this.#begin(known.seal);
    else this.#broken(known.fault);
    this.#timer = setInterval(() => void this.#sealLater(), SEAL_EVERY_MS).unref();
    void this.#checkAll();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    await this.#sealLater();
  }

  /** Newest first. @throws FORBIDDEN */
  async list(principal: Principal, organization: string, selection: AuditSelection): Promise<AuditList> {
    this.#authorize(principal, organization);
    return listAudit(this.#ports.database, organization === EVERYWHERE ? undefined : organization, selection);
  }

  /** Checks every entry of every organization, up to the newest of now. @throws FORBIDDEN */
  async verify(principal: Principal, organization: string): Promise<AuditVerdict> {
    this.#authorize(principal, organization);
    const fault = this.#fault ?? (await this.#faultIn(this.#seal?.from ?? beginning, 0));
    if (fault !== undefined) this.#broken(fault);
    return verdictOf(this.#fault, await this.#countOf(beginning), this.#seal);
  }

  /**
   * Takes the log as it is found, after it could not be believed: what comes is believed again. That is an entry of its own.
   * @throws FORBIDDEN
   */
  async accept(principal: Principal): Promise<AuditVerdict> {
    this.#ports.iam.authorize(principal, { resource: "audit", action: "update", organization: EVERYWHERE });
    const { count, sequence } = { count: await this.#countOf(beginning), sequence: (await this.#head()).sequence };
    const kind = "AuditLog";
    const name = `${count} entries up to ${sequence}: ${this.#fault ?? "whole"}`;
    await this.#ports.database.commit([
      auditStatement({ principal, action: "accept", organization: principal.organization, kind, name }),
    ]);
    const head = await this.#head();
    const from = { ...head, count: await this.#countOf(beginning, head.sequence) };
    const archived = this.#seal?.archived;
    const facts = archived === undefined ? {} : { archived };
    const seal = { ...from, from, unkeyedUntil: 0, ...facts, time: Date.now() };
    await this.#seals.keep(seal);
    this.#seal = seal;
    this.#fault = undefined;
    return verdictOf(undefined, seal.count, seal);
  }

  /**
   * Puts sealed entries that are older than `before` (Unix milliseconds) into files, and deletes them when those are on disk
   * and whole. A log that cannot be believed is left as it is. @throws Error when a file cannot be written
   */
  async cut(before: number, step: Step): Promise<void> {
    while (await this.#cutOnce(before, step));
  }

  /** One file; whether there are entries for another. */
  async #cutOnce(before: number, step: Step): Promise<boolean> {
    const { database, key, archive, log } = this.#ports;
    const seal = this.#seal;
    if (seal === undefined || this.#fault !== undefined) return false;
    // A crash may have come between the seal and the deletion.
    if (seal.archived === seal.from.sequence) await dropBefore(database, seal.from, step);
    const old = await oldEntries(database, { key, seal, before, step });
    if (old === undefined) return false;
    const archived = old.link.sequence;
    const file = await writeArchive(archive, old.entries, { key, seal: { ...seal, ...old.link }, before: seal.from });
    await this.#sealFrom(old.link, seal.from, file);
    await dropBefore(database, old.link, step);
    log.info({ entries: old.entries.length, until: archived, file }, "old entries of the audit log are in a file now");
    return old.goesOn;
  }

  /** From now on the log begins there. That is an entry of its own. */
  async #sealFrom(from: Link, before: Link, file: string): Promise<void> {
    const name = `entries up to ${from.sequence} in ${file}`;
    const entry = { principal: retention, action: "archive", organization: "", kind: "AuditLog", name };
    await this.#ports.database.commit([auditStatement(entry)]);
    await this.#inTurn(async () => {
      if (this.#seal === undefined || this.#fault !== undefined || this.#seal.from.sequence !== before.sequence)
        throw new Error("the audit log was found faulty or accepted anew while it was cut");
      const next = { ...this.#seal, from, archived: from.sequence, time: Date.now() };
      await this.#seals.keep(next);
      this.#seal = next;
    });
  }

  /** After whatever is being sealed. */
  #inTurn(act: () => Promise<void>): Promise<void> {
    const mine = this.#sealing.then(act);
    this.#sealing = mine.catch(() => {});
    return mine;
  }

  /** For /healthz. */
  health(): object {
    if (this.#fault !== undefined) return { whole: false, reason: this.#fault };
    return this.#checked ? { whole: true, entries: this.#seal?.count ?? 0 } : { checking: true };
  }

  async #begin(seal: Seal | undefined): Promise<void> {
    this.#seal = seal ?? (await this.#firstSeal());
    const fault = this.#fault ?? (await this.#faultIn(this.#seal ?? beginning, 0));
    if (fault !== undefined) this.#broken(fault);
    else await this.#sealLater();
  }

  /** What an older version wrote has no key: it is sealed as it is found, and never again accepted without one. */
  async #firstSeal(): Promise<Seal | undefined> {
    const { database, log } = this.#ports;
    const rows = database.query.selectFrom("audit").select("sequence");
    const keyed = await rows.where("nonce", "is not", null).limit(1).executeTakeFirst();
    if (keyed !== undefined) {
      this.#broken("there are entries, and no seal: it was removed");
      return undefined;
    }
    const { sequence, hash } = await this.#head();
    const count = await this.#countOf(beginning);
    const seal = { sequence, hash, count, unkeyedUntil: sequence, from: beginning, time: Date.now() };
    await this.#seals.keep(seal);
    if (seal.count > 0)
      log.info(
        { entries: seal.count },
        "the audit log of an older version, which had no key, was sealed as it was found",
      );
    return seal;
  }

  /** One after the other. A seal that cannot be written is tried again at the next turn. */
  #sealLater(): Promise<void> {
    return this.#inTurn(() => this.#sealNow()).catch((error: unknown) =>
      this.#ports.log.error({ err: error }, "the audit log could not be sealed"),
    );
  }

  async #sealNow(): Promise<void> {
    const seal = this.#seal;
    if (seal === undefined || this.#fault !== undefined) return;
    const { sequence, hash } = await this.#head();
    if (sequence <= seal.sequence) return;
    const count = seal.count + (await this.#countOf(seal, sequence));
    const next = { ...seal, sequence, hash, count, time: Date.now() };
    await this.#seals.keep(next);
    this.#seal = next;
  }

  async #checkAll(): Promise<void> {
    try {
      const fault = this.#fault ?? (await this.#faultIn(this.#seal?.from ?? beginning, PAUSE_MS));
      if (fault !== undefined) this.#broken(fault);
      this.#checked = true;
    } catch (error) {
      if (!this.#stopped) this.#ports.log.error({ err: error }, "the audit log could not be checked");
    }
  }

  #broken(fault: string): void {
    if (this.#fault === undefined) this.#ports.log.error({ fault }, `the audit log cannot be believed: ${fault}`);
    this.#fault = fault;
  }

  /** What is wrong after a place that was checked; undefined when nothing is. When the log was cut meanwhile, the check starts again at the cut. */
  async #faultIn(from: Link, pause: number): Promise<string | undefined> {
    const fault = await this.#faultBehind(from, pause);
    const cut = this.#seal?.archived === this.#seal?.from.sequence ? this.#seal?.from : undefined;
    return fault !== undefined && cut !== undefined && cut.sequence > from.sequence ? this.#faultIn(cut, pause) : fault;
  }

  async #faultBehind(from: Link, pause: number): Promise<string | undefined> {
    const seal = this.#seal;
    const chain = new Chain(this.#ports.key, seal?.unkeyedUntil ?? 0, from);
    const until = Math.max((await this.#head()).sequence, seal?.sequence ?? 0);
    const faulty = from.sequence > 0 ? await this.#faultAt(from) : undefined;
    if (faulty !== undefined) return faulty;
    for (;;) {
      const rows = await this.#page(chain.link, until);
      for (const row of rows) {
        if (!chain.add(row)) return faultOf(row, chain.link);
        if (seal !== undefined && chain.link.sequence === seal.sequence && !isEqual(chain.link, seal))
          return `entry ${seal.sequence} is not the one that was sealed`;
      }
      if (rows.length < PAGE || this.#stopped) break;
      await new Promise((resolve) => setTimeout(resolve, pause).unref());
    }
    if (seal === undefined || this.#stopped || chain.link.sequence >= seal.sequence) return undefined;
    return cutOff(chain.link, seal);
  }

  /** What is wrong with the place from which a check begins; undefined when it is still there unchanged. */
  async #faultAt(from: Link): Promise<string | undefined> {
    const [row] = await this.#page({ ...from, sequence: from.sequence - 1 }, from.sequence);
    if (row === undefined) return cutOff(await this.#head(), from);
    return row.hash === from.hash ? undefined : `entry ${from.sequence} is not the one that was sealed`;
  }

  #page({ sequence }: Link, until: number): Promise<AuditTable[]> {
    const query = this.#ports.database.query.selectFrom("audit").selectAll();
    return query
      .where("sequence", ">", sequence)
      .where("sequence", "<=", until)
      .orderBy("sequence")
      .limit(PAGE)
      .execute();
  }

  async #head(): Promise<Link> {
    const query = this.#ports.database.query.selectFrom("audit").select(["sequence", "hash"]);
    const row = await query.orderBy("sequence", "desc").limit(1).executeTakeFirst();
    return row === undefined ? beginning : { sequence: Number(row.sequence), hash: row.hash, count: 0 };
  }

  async #countOf({ sequence }: Pick<Link, "sequence">, until = Number.MAX_SAFE_INTEGER): Promise<number> {
    const query = this.#ports.database.query.selectFrom("audit").select(({ fn }) => fn.countAll<number>().as("count"));
    const row = await query.where("sequence", ">", sequence).where("sequence", "<=", until).executeTakeFirst();
    return Number(row?.count ?? 0);
  }

  #authorize(principal: Principal, organization: string): void {
    this.#ports.iam.authorize(principal, { resource: "audit", action: "get", organization });
  }
}

function verdictOf(fault: string | undefined, entries: number, seal: Seal | undefined): AuditVerdict {
  const facts: AuditVerdict = { whole: fault === undefined, entries };
  if (seal !== undefined) facts.sealed = { entries: seal.count, time: seal.time };
  if (seal !== undefined && seal.unkeyedUntil > 0) facts.unkeyedUntil = seal.unkeyedUntil;
  if (seal?.archived !== undefined) facts.archivedUntil = seal.archived;
  if (seal !== undefined && seal.from.sequence > (seal.archived ?? 0)) facts.acceptedUntil = seal.from.sequence;
  if (fault !== undefined) facts.reason = fault;
  return facts;
}

function isEqual(link: Link, seal: Seal): boolean {
  return link.hash === seal.hash && link.count === seal.count;
}

function faultOf({ sequence }: AuditTable, { sequence: before }: Link): string {
  return `entry ${sequence} was altered, or entries between ${before} and ${sequence} were removed`;
}

function cutOff({ sequence }: Link, sealed: Link): string {
  return `the end was cut off: ${sealed.count} entries up to ${sealed.sequence} were sealed, the last one there is ${sequence}`;
}
