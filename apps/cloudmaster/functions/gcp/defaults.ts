/** What the secret does not name: found through Google's own API. */
import { InputError } from "../shared/context.ts";
import { listAt, textAt, valueAt } from "../shared/rest.ts";
import type { Compute } from "./account.ts";
import type { GcpSettings } from "./settings.ts";

/** The newest Ubuntu LTS that is not deprecated: families are called `ubuntu-2404-lts-amd64`. @throws InputError */
export async function findImage(compute: Compute, { image }: GcpSettings): Promise<string> {
  if (image !== undefined) return image;
  const images = await compute.list("ubuntu-os-cloud/global/images", { filter: "family:ubuntu-*-lts-amd64" });
  const newest = images
    .filter((one) => valueAt(one, "deprecated") === undefined && isLts(textAt(one, "family")))
    .sort((left, right) => order(left).localeCompare(order(right)))
    .at(-1);
  const name = textAt(newest, "name");
  if (name === undefined) throw new InputError("Google Cloud has no Ubuntu LTS image: add `image` to the secret `gcp`");
  return `projects/ubuntu-os-cloud/global/images/${name}`;
}

function isLts(family: string | undefined): boolean {
  return /^ubuntu-\d\d04-lts-amd64$/.test(family ?? "") && Number(family?.slice(7, 9)) % 2 === 0;
}

function order(image: unknown): string {
  return `${textAt(image, "family")} ${textAt(image, "creationTimestamp")}`;
}

/** The smallest general-purpose type (series E2 and N, 1 GiB or more) of the zone. @throws InputError */
export async function findMachineType(compute: Compute, settings: GcpSettings): Promise<string> {
  const { project, zone, machineType } = settings;
  if (machineType !== undefined) return machineType;
  const types = await compute.list(`${project}/zones/${zone}/machineTypes`);
  const [smallest] = types
    .filter((type) => /^(?:e2|n\d+d?)-/.test(textAt(type, "name") ?? "") && valueAt(type, "deprecated") === undefined)
    .map((type) => ({
      name: textAt(type, "name") ?? "",
      memory: Number(valueAt(type, "memoryMb")),
      cpus: Number(valueAt(type, "guestCpus")),
    }))
    .filter(({ memory }) => memory >= 1024)
    .sort((left, right) => left.memory - right.memory || left.cpus - right.cpus || left.name.localeCompare(right.name));
  if (smallest === undefined)
    throw new InputError(
      `Google Cloud offers no general machine type in ${zone}: add \`machine_type\` to the secret \`gcp\``,
    );
  return smallest.name;
}

/** The network `default`, else the only one there is; a subnetwork of the region where networks have those. @throws InputError */
export async function findNetwork(compute: Compute, settings: GcpSettings): Promise<string> {
  const { project, network } = settings;
  const path = (name: string) => `projects/${project}/global/networks/${name}`;
  if (network !== undefined) return network.includes("/") ? network : path(network);
  const names = (await compute.list(`${project}/global/networks`)).flatMap((one) => textAt(one, "name") ?? []);
  const chosen = names.includes("default") ? "default" : names.length === 1 ? names[0] : undefined;
  if (chosen !== undefined) return path(chosen);
  const there = names.length === 0 ? "has no network" : `has the networks ${names.slice(0, 10).join(", ")}`;
  throw new InputError(`the project ${there}: name one in \`network\` of the secret \`gcp\``);
}

/** The address that people reach it at: the outside one where there is one. */
export function addressOf(instance: unknown): string | null {
  const [card] = listAt(instance, "networkInterfaces");
  const [access] = listAt(card, "accessConfigs");
  return textAt(access, "natIP") ?? textAt(card, "networkIP") ?? null;
}
