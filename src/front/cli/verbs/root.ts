import { type Command, command } from "../frame/context.ts";
import { audit } from "./audit.ts";
import { cancel } from "./cancel.ts";
import { complete, completion } from "./completion.ts";
import { contextGroup } from "./context.ts";
import { retry } from "./dead-letters.ts";
import { deleteGroup } from "./delete.ts";
import { describe } from "./describe.ts";
import { diff } from "./diff.ts";
import { doctor } from "./doctor.ts";
import { edit } from "./edit.ts";
import { emit } from "./emit.ts";
import { exec } from "./exec.ts";
import { get } from "./get.ts";
import { iam } from "./iam.ts";
import { login, logout } from "./login.ts";
import { logs } from "./logs.ts";
import { run } from "./run.ts";
import { pause, resume } from "./subscriptions.ts";
import { version } from "./version.ts";
import { apply, create, update } from "./write.ts";

/** Answered by the frame, before any other command. */
const help = command({ name: "help", summary: "Help for any command", examples: ["dispatch help create api"] });

/** The whole command line. */
export const rootCommand: Command = {
  name: "dispatch",
  summary: "Run functions, give them endpoints, secrets and events, and read what they did",
  examples: ["dispatch create seed-images", "dispatch create function hello hello.js --image nodejs --wait"],
  commands: [
    apply,
    audit,
    completion,
    contextGroup,
    cancel,
    create,
    deleteGroup,
    describe,
    diff,
    doctor,
    edit,
    emit,
    exec,
    get,
    help,
    iam,
    login,
    logout,
    logs,
    pause,
    resume,
    retry,
    run,
    update,
    version,
    complete,
  ],
};
