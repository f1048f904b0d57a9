/** A cloud function: input `{"command", "name"}` to machines. The same for every cloud; only the account differs. */
import type { Cloud } from "./cloud.ts";
import { createMachine, deleteMachine, findMachines } from "./cloud.ts";
import type { Context } from "./context.ts";
import { InputError } from "./context.ts";
import type { Journal } from "./journal.ts";
import { createJournal, createMemoryStore } from "./journal.ts";
import type { CloudAction, Machine } from "./machine.ts";
import { CLOUD_ACTIONS, checkVmName } from "./machine.ts";
import { textField } from "./payload.ts";
import { openStateStore } from "./state-store.ts";

export interface CloudFunction {
  /** `aws`, `azure`, `gcp` or `vsphere`: also the name of the secret. */
  readonly name: string;
  /**
   * Opens the account that the secrets name, for one call; `place` tells it apart from other accounts.
   * @throws InputError for a secret that is wrong.
   */
  readonly connect: (secrets: Readonly<Record<string, string>>) => { cloud: Cloud; place: readonly string[] };
  /** An error that people in a channel understand. */
  readonly explain: (error: Error) => Error;
}

/** For calls without a function door. */
const outsideDispatch = createMemoryStore();

type Act = (cloud: Cloud, journal: Journal) => Promise<Machine[]>;

/**
 * The handler: input `{"command": "create" | "list" | "delete" | "start" | "stop" | "show", "name"}`, output a list of
 * machines. Throws InputError for a wrong input or secret, Error with a sentence when the cloud refused.
 */
export function cloudFunction({ name: where, connect, explain }: CloudFunction) {
  return async (context: Context, payload: unknown): Promise<Machine[]> => {
    const act = readCommand(where, payload);
    const { cloud, place } = connect(context.secrets ?? {});
    const store = context.dispatch === undefined ? outsideDispatch : openStateStore(context.dispatch);
    try {
      return await act(cloud, createJournal(store, [where, ...place]));
    } catch (error) {
      if (error instanceof InputError || !(error instanceof Error)) throw error;
      const told = explain(error);
      // The channel gets the sentence, the run's log the cloud's own words.
      if (told !== error) console.error(error.message);
      throw told;
    } finally {
      await cloud.close?.();
    }
  };
}

function readCommand(where: string, payload: unknown): Act {
  const command = textField(payload, "command");
  const action = CLOUD_ACTIONS.find((known) => known === command);
  if (action === undefined) {
    const words = `${CLOUD_ACTIONS.slice(0, -1).join(", ")} or ${CLOUD_ACTIONS.at(-1)}`;
    throw new InputError(`${where} needs a command: ${words}, not ${JSON.stringify(command ?? null)}`);
  }
  if (action === "list") return (cloud) => cloud.list();
  return onMachine(where, action, readName(where, payload));
}

function onMachine(where: string, action: Exclude<CloudAction, "list">, name: string): Act {
  switch (action) {
    case "create":
      return async (cloud, journal) => [await createMachine(cloud, journal, name)];
    case "delete":
      return (cloud, journal) => deleteMachine(cloud, journal, name, where);
    case "show":
      return async (cloud, journal) => (await findMachines(cloud, journal, name, where)).map(({ machine }) => machine);
    case "start":
    case "stop":
      return async (cloud, journal) => {
        const found = await findMachines(cloud, journal, name, where);
        return Promise.all(found.map((one) => cloud[action](one)));
      };
  }
}

function readName(where: string, payload: unknown): string {
  const name = textField(payload, "name");
  if (name === undefined)
    throw new InputError(`${where} needs the name of a machine, like {"command": "create", "name": "vmtest01"}`);
  return checkVmName(name);
}
