/** What the pretended region offers: images, instance types and the default network. */

import type { Filter } from "./parameters.ts";
import { matchesFilter } from "./select.ts";
import type { XmlTree } from "./xml.ts";

/** The default subnet of the account's default network. */
export const DEFAULT_SUBNET = "subnet-0d3fau1t000000001";

const CANONICAL = "099720109477";

type Facts = Readonly<Record<string, string>>;

const IMAGES: readonly Facts[] = [
  image("ami-0a1b2c3d4e5f60001", "ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-amd64-server-20261101", "2026-11-01"),
  image("ami-0a1b2c3d4e5f60002", "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20261020", "2026-10-20"),
  image("ami-0a1b2c3d4e5f60003", "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20261115", "2026-11-15"),
  image("ami-0a1b2c3d4e5f60004", "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-arm64-server-20261115", "2026-11-15"),
  image("ami-0a1b2c3d4e5f60005", "ubuntu/images/hvm-ssd-gp3/ubuntu-questing-25.10-amd64-server-20261120", "2026-11-20"),
];

function image(imageId: string, name: string, day: string): Facts {
  return { imageId, name, imageState: "available", imageOwnerId: CANONICAL, creationDate: `${day}T00:00:00.000Z` };
}

const TYPES: readonly Facts[] = [
  type("t2.micro", 1024, "true", "x86_64"),
  type("t3.nano", 512, "true", "x86_64"),
  type("t3.micro", 1024, "true", "x86_64"),
  type("t3a.micro", 1024, "true", "x86_64"),
  type("t3.small", 2048, "true", "x86_64"),
  type("t4g.micro", 1024, "true", "arm64"),
  type("t1.micro", 627, "false", "x86_64"),
  type("m5.large", 8192, "true", "x86_64"),
];

function type(instanceType: string, mebibytes: number, currentGeneration: string, architecture: string): Facts {
  return { instanceType, memory: String(mebibytes), currentGeneration, architecture };
}

/** Filter of the API to the fact it looks at. */
const IMAGE_FILTERS = { name: "name", state: "imageState", "owner-id": "imageOwnerId" };
const TYPE_FILTERS = {
  "instance-type": "instanceType",
  "current-generation": "currentGeneration",
  "processor-info.supported-architecture": "architecture",
};

/** `owners` is empty for everybody's. */
export function describeImages(filters: readonly Filter[], owners: readonly string[]): { readonly imagesSet: XmlTree } {
  const fitting = select(IMAGES, filters, IMAGE_FILTERS);
  return { imagesSet: fitting.filter(({ imageOwnerId = "" }) => owners.length === 0 || owners.includes(imageOwnerId)) };
}

export function describeInstanceTypes(filters: readonly Filter[]): { readonly instanceTypeSet: XmlTree } {
  const fitting = select(TYPES, filters, TYPE_FILTERS);
  return {
    instanceTypeSet: fitting.map(({ instanceType, memory, currentGeneration }) => ({
      ...{ instanceType, currentGeneration, memoryInfo: { sizeInMiB: memory } },
    })),
  };
}

function select(all: readonly Facts[], filters: readonly Filter[], names: Facts): readonly Facts[] {
  return all.filter((facts) => filters.every((filter) => matchesFilter(filter, (name) => [facts[names[name] ?? ""]])));
}
