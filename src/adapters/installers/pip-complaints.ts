/** What pip says went wrong: the build of a package in a sentence and its own words, without the traces of pip's and setuptools' code. */

const BUILD_BEGINS = /^\s*╰─> \[\d+ lines of output\]$/;
const BUILD_ENDS = /^\s*\[end of output\]$/;
const AT_WORK_ON = /^\s*(?:Collecting|Processing|Building wheel for|Running setup\.py \w+ for) (\S+)/;
const TRACE = "Traceback (most recent call last):";

/** @param lines the last lines of pip's output. @returns [] when it does not say. */
export function pipComplaints(lines: readonly string[]): readonly string[] {
  const end = lines.findLastIndex((line) => BUILD_ENDS.test(line));
  if (end !== -1) return failedBuild(lines, end);
  const first = lines.findIndex((line) => /^\s*(ERROR:|error:)/.test(line));
  return first === -1 ? [] : lines.slice(first);
}

function failedBuild(lines: readonly string[], end: number): readonly string[] {
  // -1: of a long output only the end is here.
  const begin = lines.slice(0, end).findLastIndex((line) => BUILD_BEGINS.test(line));
  const [, name = "a package"] =
    lines
      .slice(0, begin + 1)
      .map(workOf)
      .findLast((match) => match !== null) ?? [];
  const said = withoutTraces(lines.slice(begin + 1, end).map((line) => line.replace(/^ {6}/, "")));
  return [`${name} could not be built: ${said.at(-1) ?? "its build said nothing"}`, ...said.slice(0, -1)];
}

const workOf = (line: string): RegExpExecArray | null => AT_WORK_ON.exec(line);

/** Of a trace only the last line, which is the first that is not set in, is what happened. */
function withoutTraces(lines: readonly string[]): string[] {
  let isTrace = false;
  return lines.filter((line) => {
    if (line === TRACE) isTrace = true;
    else if (/^\S/.test(line)) isTrace = false;
    return !isTrace && line.trim() !== "";
  });
}
