import { first } from "./0001-first.ts";
import { runsInOrder } from "./0002-runs-in-order.ts";
import { seenSignatures } from "./0003-seen-signatures.ts";
import { authors } from "./0004-authors.ts";
import { recoveries } from "./0005-recoveries.ts";
import { work } from "./0006-work.ts";
import { keyedAudit } from "./0007-keyed-audit.ts";
import { state } from "./0008-state.ts";
import { keyDigests } from "./0009-key-digests.ts";
import { receivedEvents } from "./0010-received-events.ts";
import { bornWork } from "./0011-born-work.ts";
import { runsAreWork } from "./0012-runs-are-work.ts";
import { runsByEnd } from "./0013-runs-by-end.ts";
import { owners } from "./0014-owners.ts";
import { toldRuns } from "./0015-told-runs.ts";
import { namedChanges } from "./0016-named-changes.ts";
import { imageFolders } from "./0017-image-folders.ts";
import { unfinishedInOrder } from "./0018-unfinished-in-order.ts";
import { keptEvents } from "./0019-kept-events.ts";
import { deliveriesByRun } from "./0020-deliveries-by-run.ts";
import { eventsOfDrivers } from "./0021-events-of-drivers.ts";
import { unheardEvents } from "./0022-unheard-events.ts";
import { deliveryCounts } from "./0023-delivery-counts.ts";
import type { Migration } from "./migration.ts";

/** All steps, oldest first. Never change one that was released: add another. */
export const migrations: readonly Migration[] = [
  first,
  runsInOrder,
  seenSignatures,
  authors,
  recoveries,
  work,
  keyedAudit,
  state,
  keyDigests,
  receivedEvents,
  bornWork,
  runsAreWork,
  runsByEnd,
  owners,
  toldRuns,
  namedChanges,
  imageFolders,
  unfinishedInOrder,
  keptEvents,
  deliveriesByRun,
  eventsOfDrivers,
  unheardEvents,
  deliveryCounts,
];
