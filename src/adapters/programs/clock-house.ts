/**
 * The built-in clocks of one organization are kept in one process: thousands of them cost next to nothing while they wait.
 * To its driver each of them is a program like any other.
 */
import { createInterface } from "node:readline";
import type { ProgramSpec, RunningProgram } from "../../core/shared/ports.ts";
import type { ClockName, Order, Report } from "../../event-drivers/clocks/orders.ts";
import { FloodGauge } from "../runtime/process/flood-gauge.ts";
import type { SandboxedProcess } from "../runtime/process/sandbox.ts";
import { FLOOD, LINE_COST, LINE_LIMITS } from "./lines.ts";

export interface HousePorts {
  /** The process for this clock and others of its organization. */
  spawn(spec: ProgramSpec): Promise<SandboxedProcess>;
  /** Why such a process ended, for people. */
  reasonOf(process: SandboxedProcess): Promise<string>;
}

/** A house that says nothing for so long to an order to stop a clock is ended, in milliseconds. */
const GRACE_MS = 3000;

interface Resident {
  readonly spec: ProgramSpec;
  readonly said: FloodGauge;
  readonly exited: PromiseWithResolvers<string>;
  flooded: boolean;
}

/** Starts a clock in the house of its organization, which is built where there is none. */
export function createHouses(ports: HousePorts): (clock: ClockName, spec: ProgramSpec) => Promise<RunningProgram> {
  const houses = new Map<string, House>();
  return (clock, spec) => {
    const key = `${spec.house} ${spec.network}`;
    let house = houses.get(key);
    if (house === undefined || house.isClosed) {
      house = new House(ports, spec);
      houses.set(key, house);
    }
    return house.admit(clock, spec);
  };
}

class House {
  readonly #process: Promise<SandboxedProcess>;
  readonly #residents = new Map<number, Resident>();
  #born = 0;
  /** Those on their way in, too. */
  #count = 0;
  /** It ends, or has ended: nobody moves in any more. */
  isClosed = false;

  constructor(ports: HousePorts, first: ProgramSpec) {
    this.#process = ports.spawn(first);
    this.#live(ports).catch(() => {
      this.isClosed = true; // it was never built, as whoever wanted to live in it hears
    });
  }

  /** @throws Error when the house could not be built. */
  async admit(clock: ClockName, spec: ProgramSpec): Promise<RunningProgram> {
    this.#count += 1;
    try {
      const { channel } = await this.#process;
      const id = ++this.#born;
      const { args, environment } = spec;
      const resident: Resident = {
        spec,
        said: new FloodGauge(LINE_LIMITS),
        exited: Promise.withResolvers(),
        flooded: false,
      };
      if (this.isClosed) throw new Error("the process of the clocks has ended");
      this.#residents.set(id, resident);
      channel?.write(textOf({ id, clock, args, environment }));
      const { promise: exited } = resident.exited;
      return { exited, address: undefined, isDeaf: false, stop: () => this.#stop(id) };
    } catch (error) {
      await this.#left();
      throw error;
    }
  }

  async #live({ reasonOf }: HousePorts): Promise<void> {
    const process = await this.#process;
    const { channel, stdout, stderr } = process;
    for (const output of [stdout, stderr]) output.resume();
    // It shows as the end of the process; the reader tells it again.
    const broken = (): void => undefined;
    channel?.on("error", broken);
    if (channel !== undefined)
      createInterface({ input: channel })
        .on("line", (line) => this.#hear(line))
        .on("error", broken);
    const reason = await reasonOf(process);
    this.isClosed = true;
    for (const { exited } of this.#residents.values()) exited.resolve(`the process of the clocks: ${reason}`);
    this.#residents.clear();
  }

  #hear(line: string): void {
    const report = reportIn(line);
    const resident = report && this.#residents.get(report.id);
    if (report === undefined || resident === undefined || resident.flooded) return;
    if ("hello" in report) resident.spec.hello();
    else if ("ended" in report) void this.#ended(report.id, report.ended);
    else if (!resident.said.overflows(report.line.length + LINE_COST)) resident.spec.log(report.stream, report.line);
    else {
      resident.flooded = true;
      void this.#stop(report.id);
    }
  }

  async #stop(id: number): Promise<void> {
    const resident = this.#residents.get(id);
    if (resident === undefined) return;
    const process = await this.#process;
    process.channel?.write(textOf({ id, stop: true }));
    const late = setTimeout(() => void process.terminate(0), GRACE_MS);
    await resident.exited.promise.finally(() => clearTimeout(late));
  }

  async #ended(id: number, reason: string): Promise<void> {
    const resident = this.#residents.get(id);
    this.#residents.delete(id);
    await this.#left();
    resident?.exited.resolve(resident.flooded ? FLOOD : reason);
  }

  /** Whoever leaves last ends it: nothing is kept for those who may come. */
  async #left(): Promise<void> {
    this.#count -= 1;
    if (this.#count > 0 || this.isClosed) return;
    this.isClosed = true;
    const process = await this.#process.catch(() => undefined);
    await process?.terminate(GRACE_MS);
  }
}

/** Undefined for the last line of a process that ended in the middle of it. */
function reportIn(line: string): Report | undefined {
  try {
    return JSON.parse(line) as Report;
  } catch {
    return undefined;
  }
}

function textOf(order: Order): string {
  return `${JSON.stringify(order)}\n`;
}
