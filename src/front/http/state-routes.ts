/** State over REST: values pass through as the JSON texts that were sent. */
import { memberText } from "../../core/shared/json-text.ts";
import type { stateOperations } from "../../core/state/contract.ts";
import type { State } from "../../core/state/service.ts";
import type { Place, StateSelection } from "../../core/state/store.ts";
import { NEXT_CURSOR } from "./paging.ts";
import type { Answer, Call, Route } from "./route.ts";

export function stateRoutes(operations: typeof stateOperations, state: State): Route[] {
  return [
    {
      operation: operations.listApplications,
      handle: async ({ principal, organization }) => ({ body: await state.applications(principal, organization) }),
    },
    { operation: operations.listState, handle: (call) => listState(state, call) },
    { operation: operations.getState, handle: (call) => getState(state, call) },
    { operation: operations.putState, handle: (call) => putState(state, call) },
    { operation: operations.deleteState, handle: (call) => deleteState(state, call) },
  ];
}

function placeOf({ organization, path }: Call): Place {
  return { organization, application: path.application ?? "", key: path.key ?? "" };
}

async function listState(state: State, { principal, organization, path, query }: Call): Promise<Answer> {
  const selection = query as Partial<StateSelection>;
  const { limit = 1000 } = selection;
  const body = await state.list(principal, organization, path.application ?? "", selection);
  const last = body.at(-1)?.key;
  return body.length < limit || last === undefined ? { body } : { body, headers: { [NEXT_CURSOR]: last } };
}

async function getState(state: State, call: Call): Promise<Answer> {
  const { text, ...entry } = await state.get(call.principal, placeOf(call));
  return { body: `${JSON.stringify(entry).slice(0, -1)},"value":${text}}` };
}

async function putState(state: State, call: Call): Promise<Answer> {
  const { version } = call.body as { version?: number };
  return { body: await state.put(call.principal, placeOf(call), memberText(call.text, "value") ?? "null", version) };
}

async function deleteState(state: State, call: Call): Promise<Answer> {
  const { version } = call.query as { version?: number };
  await state.delete(call.principal, placeOf(call), version);
  return {};
}
