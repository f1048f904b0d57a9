/** From a new function's source to its first answer, with an image that is in use. */

import type { Language } from "../../src/core/shared/ports.ts";
import { type DispatchServer, startDispatch } from "../dispatch-server.ts";
import { reached } from "../gauges.ts";
import type { Measure } from "../measure.ts";
import { atMost, type Row, withUnit } from "../row.ts";
import { median } from "../statistics.ts";
import { createFunction, createImage } from "../workspace.ts";
import { callOnce, WARM } from "./one-call.ts";

interface Sample {
  readonly ready: number;
  readonly firstCall: number;
}

export const deployment: Measure = async ({ installation, deployments }) => {
  const server = await startDispatch(installation);
  try {
    const rows: Row[] = [];
    for (const [index, language] of (["nodejs", "python3"] as const).entries()) {
      rows.push(...(await measureLanguage(server, language, deployments, WARM * (index + 1))));
    }
    return rows;
  } finally {
    await server.stop();
  }
};

async function measureLanguage(
  server: DispatchServer,
  language: Language,
  deployments: number,
  waiting: number,
): Promise<Row[]> {
  await createImage(server.rest, language);
  await deploy(server, language, `${language}-use`); // from now on the image is in use
  const samples: Sample[] = [];
  for (let index = 0; index < deployments; index++) {
    await reached(server.rest, "dispatch_generic_workers", waiting);
    samples.push(await deploy(server, language, `${language}-${index}`));
  }
  return rowsOf(language, samples);
}

async function deploy({ rest }: DispatchServer, language: Language, name: string): Promise<Sample> {
  const begun = performance.now();
  await createFunction(rest, language, name);
  await rest.ready(`/v1/function/${name}`);
  const ready = performance.now() - begun;
  return { ready, firstCall: await callOnce(rest.base, name) };
}

function rowsOf(language: string, samples: readonly Sample[]): Row[] {
  const worst = (value: (sample: Sample) => number): string =>
    `slowest ${withUnit(Math.max(...samples.map(value)), "ms")}`;
  const middle = (value: (sample: Sample) => number): number => median(samples.map(value));
  return [
    atMost(
      `create to READY, ${language}`,
      middle(({ ready }) => ready),
      150,
      "ms",
      worst(({ ready }) => ready),
    ),
    atMost(
      `first call after READY, ${language}`,
      middle(({ firstCall }) => firstCall),
      10,
      "ms",
      worst(({ firstCall }) => firstCall),
    ),
  ];
}
