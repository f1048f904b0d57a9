/** State over REST: values pass through as the JSON texts that were sent. */
import { memberText } from "../../core/shared/json-text.ts";
import type { stateOperations } from "../../core/state/contract.ts";
import type { State } from "../../core/state/service.ts";
import type { Place, StateSelection } from "../../core/state/store.ts";
import { listAnswer } from "./paging.ts";
import type { Answer, Call, Route } from "./route.ts";

const PAGE = 1000;

export function stateRoutes(operations: typeof stateOperations, state: State): Route[] {
  return [
    {
      operation: operations.listApplications,
      handle: async ({ principal, organization, query }) => {
        const { limit = PAGE } = query as { limit?: number };
        const found = await state.applications(principal, organization, { limit, ...query });
        return listAnswer(found, found.length < limit ? undefined : found.at(-1)?.application);
      },
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
  const { limit = PAGE } = selection;
  const body = await state.list(principal, organization, path.application ?? "", selection);
  return listAnswer(body, body.length < limit ? undefined : body.at(-1)?.key);
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
