/** What happened in the pretended vCenter, in its order, and how far each reader has got. */
import { randomUUID } from "node:crypto";
import { PLACES } from "./places.ts";

interface Happening {
  readonly className: "VmBeingDeployedEvent" | "VmDeployedEvent";
  /** Milliseconds since 1970; one that lies ahead is told from then on. */
  readonly at: number;
  readonly machine: {
    readonly name: string;
    readonly id: string;
    readonly template: { readonly name: string; readonly id: string };
  };
}

export interface Told extends Happening {
  /** Counts up from 1. */
  readonly key: number;
  readonly message: string;
}

const HOST = "esx-1.example.com";

export function createHistory(now: () => number) {
  const ahead: Happening[] = [];
  const told: Told[] = [];
  const readers = new Map<string, number>();

  function catchUp(): void {
    ahead.sort((one, other) => one.at - other.at);
    while (ahead[0] !== undefined && ahead[0].at <= now()) {
      const [happening] = ahead.splice(0, 1) as [Happening];
      told.push({ ...happening, key: told.length + 1, message: messageOf(happening) });
    }
  }

  return {
    /** Tells this vCenter from others. */
    instance: randomUUID(),
    add: (happening: Happening) => ahead.push(happening),
    /** A reader of what happens from that time on. */
    collect: (begin: number): string => {
      catchUp();
      const id = `collector-${readers.size + 1}`;
      readers.set(id, told.filter(({ at }) => at < begin).length);
      return id;
    },
    read: (id: string, most: number): readonly Told[] => {
      catchUp();
      const from = readers.get(id) ?? told.length;
      const page = told.slice(from, from + most);
      readers.set(id, from + page.length);
      return page;
    },
  };
}

function messageOf({ className, machine: { name, template } }: Happening): string {
  if (className === "VmDeployedEvent") return `Template ${template.name} deployed on host ${HOST}`;
  return `Deploying ${name} on host ${HOST} in ${PLACES.datacenter.name} from template ${template.name}`;
}
