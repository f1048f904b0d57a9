/** The project's own red team. `npm run attack`, with `-- --help` for what it can be asked. */
import { groups } from "./groups.ts";
import { measureLoad } from "./load/load.ts";
import { helpText, type Options, readOptions } from "./options.ts";
import { tryAll } from "./red-team.ts";
import { progressLine, summary, table } from "./report.ts";
import { startTarget } from "./target.ts";

const names = Object.keys(groups);

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2), names);
  if (options.help) console.log(helpText(names));
  else if (options.load) await loaded();
  else await attacked(options);
}

async function attacked({ only }: Options): Promise<void> {
  const attacks = names
    .filter((name) => only.length === 0 || only.includes(name))
    .flatMap((name) => groups[name] ?? []);
  console.log(`starting a server of its own, then ${attacks.length} attacks`);
  const target = await startTarget();
  try {
    const all = await tryAll(target, attacks, (tried) => console.log(progressLine(tried)));
    console.log(`\n${table(all)}\n\n${summary(all)}`);
    if (all.some(({ held }) => held === false)) process.exitCode = 1;
  } finally {
    await target.close();
  }
}

async function loaded(): Promise<void> {
  const { lines, held } = await measureLoad();
  console.log(lines.join("\n"));
  if (!held) process.exitCode = 1;
}

await main().catch((error: Error) => {
  console.error(`attack: ${error.message}`);
  process.exitCode = 1;
});
