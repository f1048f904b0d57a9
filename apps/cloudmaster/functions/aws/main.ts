/** Function `aws`: creates, lists and deletes virtual machines on EC2 through AWS's own SDK. */
import { EC2Client } from "@aws-sdk/client-ec2";
import type { Context } from "../shared/context.ts";
import { InputError } from "../shared/context.ts";
import type { Machine } from "../shared/machine.ts";
import { checkVmName } from "../shared/machine.ts";
import { textField } from "../shared/payload.ts";
import { explain } from "./explain.ts";
import { createMachine, deleteMachine, listMachines } from "./instances.ts";
import type { AwsSettings } from "./settings.ts";
import { readSettings } from "./settings.ts";

/**
 * Input `{"command": "create" | "list" | "delete", "name"}` with the secret `aws`. Answers with one machine (create), or
 * a list of machines.
 * @throws InputError for a wrong input or an incomplete secret; Error with a sentence when AWS refused.
 */
export default async function aws(context: Context, payload: unknown): Promise<Machine | Machine[]> {
  const act = readCommand(payload);
  const settings = readSettings(context.secrets ?? {}, process.env);
  const ec2 = connect(settings);
  try {
    return await act(ec2, settings);
  } catch (error) {
    throw explain(error);
  } finally {
    ec2.destroy();
  }
}

type Act = (ec2: EC2Client, settings: AwsSettings) => Promise<Machine | Machine[]>;

function readCommand(payload: unknown): Act {
  const command = textField(payload, "command");
  switch (command) {
    case "list":
      return listMachines;
    case "create": {
      const name = readName(payload);
      return (ec2, settings) => createMachine(ec2, settings, name);
    }
    case "delete": {
      const name = readName(payload);
      return (ec2) => deleteMachine(ec2, name);
    }
    default:
      throw new InputError(`aws needs a command: create, list or delete, not ${JSON.stringify(command ?? null)}`);
  }
}

function readName(payload: unknown): string {
  const name = textField(payload, "name");
  if (name === undefined)
    throw new InputError('aws needs the name of a machine, like {"command": "create", "name": "vmtest01"}');
  return checkVmName(name);
}

function connect(settings: AwsSettings): EC2Client {
  const { accessKeyId, secretAccessKey, sessionToken, region, endpoint } = settings;
  return new EC2Client({
    region,
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) },
    ...(endpoint === undefined ? {} : { endpoint }),
  });
}
