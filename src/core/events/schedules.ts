/** When the drivers that are clocks go off: what is to come by their schedules, what was by the log of events. */
import { messageOf } from "../shared/message-of.ts";
import type { Database } from "../shared/ports.ts";
import type { Principal } from "../shared/principal.ts";
import { RecordList, type ResourceList } from "../store/resource-list.ts";
import type { ClockDriver, Drivers } from "./drivers.ts";
import { eventsOfDriver, type KeptEvent } from "./event-log.ts";
import { missedTimes } from "./missed.ts";
import type { Firing, Schedule } from "./schedule-contract.ts";

export interface SchedulesPorts {
  readonly database: Database;
  readonly drivers: Pick<Drivers, "clocks" | "clock">;
}

const SHOWN = 5;

export class Schedules {
  readonly #ports: SchedulesPorts;

  constructor(ports: SchedulesPorts) {
    this.#ports = ports;
  }

  /** Newest first. @throws FORBIDDEN */
  list(principal: Principal, organization: string): ResourceList<Schedule> {
    const clocks = this.#ports.drivers.clocks(principal, organization);
    const byRecord = new Map(clocks.map((found) => [found.record, found]));
    const records = [...byRecord.keys()];
    return new RecordList(records, async (some) => {
      const shown: Schedule[] = [];
      // One after the other: reading a calendar takes its time, and others have their turn in between.
      for (const found of some.map((record) => byRecord.get(record)))
        if (found !== undefined) shown.push(await this.#shown(found));
      return shown;
    });
  }

  /** @throws NOT_FOUND, FORBIDDEN */
  get(principal: Principal, organization: string, name: string): Promise<Schedule> {
    return this.#shown(this.#ports.drivers.clock(principal, organization, name));
  }

  async #shown({ record, clock }: ClockDriver): Promise<Schedule> {
    const { organization, name, born, document } = record;
    // What an earlier driver of that name did is not its own.
    const since = Math.floor(born / 1000);
    const events = await eventsOfDriver(this.#ports.database, { organization, name, since }, SHOWN);
    const last = events.map(firingOf);
    const { next, problem } = upcoming(clock, last[0]);
    const reason = document.reason?.[0] ?? problem;
    return {
      ...{ name, type: document.type, expression: clock.expression, timeZone: clock.timezone, status: document.status },
      ...(reason === undefined ? {} : { reason }),
      ...{ next, last },
    };
  }
}

function upcoming(clock: ClockDriver["clock"], last: Firing | undefined) {
  try {
    const times = clock.upcoming(SHOWN, new Date(), last && new Date(last.until ?? last.time));
    return { next: times.map((time) => time.getTime()), problem: undefined };
  } catch (error) {
    return { next: [], problem: messageOf(error) };
  }
}

function firingOf({ sequence, received, type, event, data }: KeptEvent): Firing {
  const place = { event: String(sequence), receivedTime: Number(received) };
  const missed = type === "cron.missed" ? missedTimes(data) : undefined;
  if (missed !== undefined) {
    const { first: time, last: until, count } = missed;
    return { time, until, count, status: "MISSED", ...place };
  }
  const { eventTime = "" } = JSON.parse(event) as { eventTime?: string };
  const due = Date.parse(eventTime);
  return { time: due > 0 ? due : place.receivedTime, status: "FIRED", ...place };
}
