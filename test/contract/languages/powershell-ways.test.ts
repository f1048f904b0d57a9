/** What PowerShell has of its own: the pipeline, six streams, errors that do not end anything. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findInterpreter } from "../../../src/adapters/languages/languages.ts";
import { encodeBundle } from "../../../src/core/functions/bundle.ts";
import type { Outcome, Worker } from "../../../src/core/shared/ports.ts";
import { providePowerShell } from "../../support/powershell.ts";
import {
  createHarness,
  findObstacle,
  type Harness,
  LIMITS,
  run,
  startFunction,
  startGeneric,
  suiteName,
} from "../runtime-harness.ts";

const SOURCE = `
function other($context, $payload) {
  $list = [Collections.ArrayList]::new()
  $list.Add(1)
  'said on the way'
  if ($payload -eq 'list') { return $list }
  if ($payload -eq 'inner') { return (1, 2, 3 | ForEach-Object { return $_ * 2 }) }
  if ($payload -eq 'pipeline') { return 1, 2 | Where-Object { $_ -gt 1 } }
  if ($payload -eq 'assigned') { $x = 5; return $x }
  if ($payload -eq 'kept list') { return , @(1, 2) }
  if ($payload -eq 'kept empty') { return , @() }
  if ($payload -eq 'kept one') { return , 5 }
  return @{ text = 'ok' }
}
function all($context, $payload) {
  if ($payload -eq 'none') { }
  if ($payload -eq 'one') { @{ a = 1 } }
  if ($payload -eq 'many') { 'a'; 'b' }
  if ($payload -eq 'streams') { Write-Host 'host'; Write-Information 'information'; Write-Warning 'warning'; Write-Verbose 'verbose'; Write-Debug 'debug'; Write-Error 'error' }
  if ($payload -eq 'goes on') { Write-Error 'not the end'; Import-Module NoSuchModule; 'went on' }
  if ($payload -eq 'method') { [int]::Parse('x') }
  if ($payload -eq 'argument') { [IO.File]::ReadAllText('') }
  if ($payload -eq 'stop') { Write-Error 'the end' -ErrorAction Stop }
  if ($payload -eq 'native') { /bin/sh -c 'exit 3'; $LASTEXITCODE }
  if ($payload -eq 'deep') { $x = @{ v = 1 }; 1..30 | ForEach-Object { $x = @{ v = $x } }; $x }
  if ($payload -eq 'file') { [IO.DirectoryInfo]::new('/tmp') }
  if ($payload -eq 'beside') { [pscustomobject]@{ file = [IO.DirectoryInfo]::new('/tmp'); one = @(1); none = @(); named = @{ Keys = 1; Values = 2 } } }
  if ($payload -eq 'levels') { $x = @{ v = 1 }; 1..1000 | ForEach-Object { $x = @{ v = $x } }; $x }
  if ($payload -eq 'table') { $t = [Data.DataTable]::new(); [void] $t.Columns.Add('name'); [void] $t.Columns.Add('size', [int]); [void] $t.Rows.Add('a', 1); [void] $t.Rows.Add('b', $null); @{ rows = $t } }
  if ($payload -eq 'xml') { [xml] '<a><b>1</b></a>' }
  if ($payload -eq 'net') { @{ library = [object].Assembly } }
  if ($payload -eq 'round') { $h = @{}; $h.inner = @{ outer = $h }; $h }
  if ($payload -eq 'thrown') { throw @{ code = 5; message = 'no' } }
  if ($payload -eq 'nan') { [double]::NaN }
  if ($payload -eq 'date') { [datetime]::SpecifyKind([datetime]::new(2024, 1, 2, 3, 4, 5), 'Utc') }
}
`;

/** What a worker's own rehearsal could have left behind. */
const LOOKING = `
function look($context, $payload) {
  $seen = @(Get-Command handle, Rehearse, RehearsedFrames -ErrorAction Ignore).Count
  return "$seen $([IO.Directory]::GetFiles('.')) $($Error.Count) $null$header$frames"
}
`;
const REHEARSED_MS = 1000;

const noPowerShell = providePowerShell();
const search = await findInterpreter("powershell");
const obstacle = (await findObstacle()) ?? noPowerShell ?? (search.found ? undefined : search.reason);

describe.skipIf(obstacle !== undefined)(suiteName("PowerShell's own ways", obstacle), () => {
  let harness: Harness;
  let returning: Worker;
  let putting: Worker;
  beforeAll(async () => {
    harness = await createHarness();
    const deploy = (name: string): Promise<Worker> =>
      startFunction(harness.runtime, "powershell", "", { handler: `own.ps1::${name}`, files: { "own.ps1": SOURCE } });
    [returning, putting] = await Promise.all([deploy("other"), deploy("all")]);
  });
  afterAll(() => harness.close());

  const outputOf = ({ output, error }: Outcome): unknown => (error === undefined ? JSON.parse(output) : error);

  test.each([
    ["object", { text: "ok" }],
    ["list", [1]],
    ["inner", [2, 4, 6]],
    ["pipeline", 2],
    ["assigned", 5],
    ["kept list", [1, 2]],
    ["kept empty", []],
    ["kept one", [5]],
  ])("what return gives is the result alone: %s", async (payload, expected) => {
    const outcome = await run(returning, payload);
    expect(outputOf(outcome)).toEqual(expected);
    expect(outcome.logs.stdout).toEqual(["0", "said on the way"]);
  });

  test.each([
    ["none", null],
    ["one", { a: 1 }],
    ["many", ["a", "b"]],
    ["date", "2024-01-02T03:04:05Z"],
    [
      "table",
      {
        rows: [
          { name: "a", size: 1 },
          { name: "b", size: null },
        ],
      },
    ],
    ["xml", "<a><b>1</b></a>"],
  ])("without a return it is what the pipeline has: %s", async (payload, expected) => {
    expect(outputOf(await run(putting, payload))).toEqual(expected);
  });

  test("each stream goes to its log", async () => {
    const { logs } = await run(putting, "streams");
    expect(logs.stdout).toEqual(["host", "information"]);
    const errors = logs.stderr?.join("\n") ?? "";
    for (const line of ["WARNING: warning", "VERBOSE: verbose", "DEBUG: debug"]) expect(errors).toContain(line);
    expect(errors).toMatch(/: error\n/);
  });

  test("what does not terminate ends nothing, and is in the log", async () => {
    const outcome = await run(putting, "goes on");
    expect(outputOf(outcome)).toBe("went on");
    expect(outcome.logs.stderr?.join("\n")).toMatch(/not the end[\s\S]*NoSuchModule/);
  });

  test("an error of a method is the one inside, judged by its own class", async () => {
    expect((await run(putting, "method")).error).toMatchObject({ type: "FunctionError" });
    expect((await run(putting, "argument")).error).toMatchObject({ type: "InputError" });
    expect((await run(putting, "stop")).error).toMatchObject({ type: "FunctionError", message: "the end" });
  });

  test("what was thrown that is no error is told as JSON", async () => {
    expect(JSON.parse((await run(putting, "thrown")).error?.message ?? "")).toEqual({ code: 5, message: "no" });
  });

  test("a place in a line with a return is the author's own line", async () => {
    const source = "function look($context, $payload) { return [int]::Parse($payload) }";
    const worker = await startFunction(harness.runtime, "powershell", "", {
      handler: "look.ps1::look",
      files: { "look.ps1": source },
    });
    const { error } = await run(worker, "x");
    expect(error?.stacktrace?.slice(1, 3)).toEqual(["At look.ps1:1 char:44", `+ ${source}`]);
  });

  test.each([
    ["-Modules NotThere", "#requires the module NotThere, which could not be imported"],
    ["-Version 99.0", "#requires PowerShell 99.0; this one is 7."],
    ["-PSEdition Desktop", "#requires the edition Desktop"],
    ["-RunAsAdministrator", "#requires an administrator"],
  ])("a script that cannot have what it requires is refused: %s", async (line, reason) => {
    const files = { "look.ps1": `#requires ${line}\nfunction look($context, $payload) { 1 }` };
    const start = startFunction(harness.runtime, "powershell", "", { handler: "look.ps1::look", files });
    await expect(start).rejects.toThrow(reason);
  });

  test("a program's exit code is there to be read", async () => {
    expect(outputOf(await run(putting, "native"))).toBe(3);
  });

  test("plain data is never cut, and an object of .NET does not go on for ever", async () => {
    let depth = 0;
    for (let at = outputOf(await run(putting, "deep")); typeof at === "object"; depth++) at = (at as { v: unknown }).v;
    expect(depth).toBe(31);
    expect(outputOf(await run(putting, "file"))).toMatchObject({ Name: "tmp" });
  });

  test("what stands beside an object of .NET keeps its form", async () => {
    const beside = { one: [1], none: [], named: { Keys: 1, Values: 2 } };
    expect(outputOf(await run(putting, "beside"))).toMatchObject(beside);
  });

  test("a thousand levels are written", async () => {
    expect(JSON.stringify(outputOf(await run(putting, "levels")))).toMatch(/^(\{"v":){1001}1\}{1001}$/);
  });

  test("what JSON does not know is named", async () => {
    expect((await run(putting, "nan")).error?.message).toContain("it holds NaN");
    expect((await run(putting, "round")).error?.message).toContain("it is circular: a Hashtable holds itself");
    expect((await run(putting, "net")).error?.message).toContain(
      "it holds an object of .NET that leads to more than 5000",
    );
  });

  test("a worker that waited has rehearsed, and its function sees nothing of that", async () => {
    const worker = await startGeneric(harness.runtime, "powershell");
    await sleep(REHEARSED_MS);
    const bundle = encodeBundle([{ path: "look.ps1", mode: 0o644, bytes: Buffer.from(LOOKING) }]);
    await worker.load({ handler: "look.ps1::look", bundle, environment: {}, limits: LIMITS });
    const outcome = await run(worker, {});
    expect(outputOf(outcome)).toBe("0 ./look.ps1 0 ");
    expect([outcome.logs.stdout, outcome.logs.stderr]).toEqual([null, null]);
  });
});
