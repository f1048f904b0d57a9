/** Where the gateway has the event drivers that are called from outside: `/<organization>/drivers/<name>`, and all below. */

export interface DriverAddress {
  readonly organization: string;
  readonly name: string;
  /** What the driver is asked for, as it was sent, with the query: at least `/`. */
  readonly target: string;
}

const ADDRESS = /^\/([^/?#]+)\/drivers\/([a-z0-9][a-z0-9-]*)(?=[/?]|$)(\/[^?]*)?(\?.*)?$/s;

/** `target`: of the request line. Undefined when it leads to no driver. */
export function driverAddress(target: string): DriverAddress | undefined {
  const [, organization, name, path = "/", query = ""] = ADDRESS.exec(target) ?? [];
  return organization === undefined || name === undefined ? undefined : { organization, name, target: path + query };
}

export function pathOfDriver({ organization, name }: Pick<DriverAddress, "organization" | "name">): string {
  return `/${organization}/drivers/${name}`;
}
