import { alertOperations, alertSchema, occasions } from "../../../core/alerts/contract.ts";
import { text as textFlag } from "../../../frame/flags.ts";
import { created, defineKind } from "./kind.ts";

/** Who is told when runs fail, a driver is down, or dead letters grow. */
export const alert = defineKind({
  kind: "Alert",
  word: "alert",
  operations: alertOperations,
  schema: alertSchema,
  shape: "createdTime? digest? function id? kind? modifiedTime? name of? reason? status? tags when",
  columns: {
    Name: "name",
    When: "when",
    Of: "of",
    Function: "function",
    Digest: "digest",
    Status: "status",
    "Created date": created,
  },
  hasStatus: true,
  arguments: { name: ["NAME"] },
  flags: {
    when: textFlag(`What is worth a message: ${occasions.join(", ")}`, { completes: occasions }),
    of: textFlag("The function whose runs, or the event driver, that is watched; all of them without"),
    function: textFlag('The function that sends the message: it is run with {"message"}'),
    digest: textFlag("HH:MM in UTC: a message a day with what there was, also when that is nothing"),
  },
  examples: ["alert failures --when run-failed --of gcp --function status --digest 08:00"],
  facts: { When: "when", Of: "of", Function: "function", Digest: "digest" },
});
