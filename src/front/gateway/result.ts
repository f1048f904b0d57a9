/** From the end of a run to the HTTP answer (decision 12). */
import { type Answer, emptyAnswer, jsonAnswer, jsonTextAnswer } from "./answer.ts";
import { BadFunctionResponse, functionResponse, isFunctionResponse } from "./function-response.ts";
import type { RunResult } from "./ports.ts";

const statusByError: Readonly<Record<string, number>> = { InputError: 400, FunctionError: 502, SystemError: 500 };

/** `httpResponse`: the endpoint lets its function shape the answer. */
export function resultAnswer(result: RunResult, httpResponse: boolean): Answer {
  if (result.status !== "READY") return failureAnswer(result);
  const output = result.output ?? "null";
  return (httpResponse ? shapedAnswer(output, result.runId) : undefined) ?? outputAnswer(output);
}

function failureAnswer({ runId, status, error, timedOut }: RunResult): Answer {
  const code = timedOut === true ? 504 : (statusByError[error?.type ?? ""] ?? 500);
  return runError(code, error?.message ?? `the run ended with status ${status}`, runId);
}

function runError(code: number, message: string, runId: string): Answer {
  return jsonAnswer(code, { code, message, runId });
}

/** An object or an array as JSON, exactly as the function wrote it; a string as text; nothing for nothing. */
function outputAnswer(output: string): Answer {
  const text = output.trim();
  if (text === "null" || text === '""') return emptyAnswer(200);
  if (!text.startsWith('"')) return jsonTextAnswer(text);
  const body = String(JSON.parse(text));
  return { status: 200, headers: { "Content-Type": "text/plain; charset=utf-8" }, body };
}

function shapedAnswer(output: string, runId: string): Answer | undefined {
  const value: unknown = JSON.parse(output);
  if (!isFunctionResponse(value)) return undefined;
  try {
    return functionResponse(value);
  } catch (error) {
    if (!(error instanceof BadFunctionResponse)) throw error;
    return runError(502, `the function's HTTP response cannot be sent: ${error.message}`, runId);
  }
}
