/** What Prometheus may ask of the server. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { Pool } from "./core/pool/pool.ts";
import type { RunRecord } from "./core/runs/record.ts";

export interface Metrics {
  /** Counts a run that has ended. */
  ran(run: RunRecord): void;
  /** A function is gone: nothing is told of it any more. */
  forget(functionId: string): void;
  text(): Promise<string>;
  readonly registry: Registry;
}

const NANOSECONDS = 1e9;

export function createMetrics(pool: Pool): Metrics {
  const registers = [new Registry()];
  const [registry] = registers as [Registry];
  // Every ten milliseconds, as by default, looking how late it is would be most of what an idle server does.
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 100 });
  const counts = new Map<string, RunCount>();
  const countRun = runCounter(registers, counts);
  const seconds = new Histogram({
    name: "dispatch_run_duration_seconds",
    help: "Time from the acceptance of a run to its end",
    buckets: [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10, 60],
    registers,
  });
  poolGauges(pool, registers);
  admissionCounters(pool, registers);
  return {
    ran(run) {
      countRun(run);
      if (run.finished !== undefined) seconds.observe(Number(run.finished - run.executed) / NANOSECONDS);
    },
    forget(functionId) {
      for (const key of counts.keys()) if (key.startsWith(functionId)) counts.delete(key);
    },
    text: () => registry.metrics(),
    registry,
  };
}

interface RunCount {
  readonly labels: Readonly<Record<string, string>>;
  count: number;
}

/** Counts in a map of its own, because the library's labels cost as much as the rest of a run's bookkeeping. */
function runCounter(registers: Registry[], counts: Map<string, RunCount>): (run: RunRecord) => void {
  new Counter({
    name: "dispatch_runs_total",
    help: "Runs that have ended, by function and outcome",
    labelNames: ["organization", "function", "status", "error"],
    registers,
    collect() {
      this.reset();
      for (const { labels, count } of counts.values()) this.inc(labels, count);
    },
  });
  return ({ organization, functionName, functionId, status, error }) => {
    const key = status === "READY" ? functionId : `${functionId}/${status}/${error?.type}`;
    const known = counts.get(key);
    if (known !== undefined) known.count++;
    else {
      const labels = { organization, function: functionName, status, error: error?.type ?? "" };
      counts.set(key, { labels, count: 1 });
    }
  };
}

/** Whom there was no room for, and who had to wait for it. */
function admissionCounters(pool: Pool, registers: Registry[]): void {
  new Counter({
    name: "dispatch_calls_refused_total",
    help: "Calls that were not begun, by organization and reason",
    labelNames: ["organization", "reason"],
    registers,
    collect() {
      this.reset();
      for (const { organization, reason, count } of pool.stats().refused) this.inc({ organization, reason }, count);
    },
  });
  for (const [name, help] of [
    ["calls", "Calls that had to wait for a worker before they began"],
    ["seconds", "Time that those waited together"],
  ] as const)
    new Counter({
      name: `dispatch_waited_${name}_total`,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(pool.stats().waited[name]);
      },
    });
}

function poolGauges(pool: Pool, registers: Registry[]): void {
  new Gauge({
    name: "dispatch_generic_workers",
    help: "Started workers that wait for a function",
    registers,
    collect() {
      this.set(pool.stats().generic);
    },
  });
  new Gauge({
    name: "dispatch_function_workers",
    help: "Workers by function",
    labelNames: ["organization", "function"],
    registers,
    collect() {
      this.reset();
      for (const { organization, name, workers } of pool.stats().functions)
        this.inc({ organization, function: name }, workers);
    },
  });
  new Gauge({
    name: "dispatch_queued_runs",
    help: "Runs that wait for a worker, by function",
    labelNames: ["organization", "function"],
    registers,
    collect() {
      this.reset();
      for (const { organization, name, queued } of pool.stats().functions)
        this.inc({ organization, function: name }, queued);
    },
  });
}
