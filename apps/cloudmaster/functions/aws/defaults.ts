/** What machines are started with when the secret names nothing: asked of EC2 itself, so that it fits account and region. */
import type { Parsed } from "../../../../packages/xml/xml.ts";
import { text } from "../../../../packages/xml/xml.ts";
import { InputError } from "../shared/context.ts";
import type { Ec2 } from "./ec2.ts";
import { filters } from "./ec2.ts";

/** An image with the name that its owner gave it; without one when the secret names the image. */
export interface Image {
  readonly id: string;
  readonly name?: string;
}

/** Canonical's account, which publishes Ubuntu (https://documentation.ubuntu.com/aws/). */
const CANONICAL = "099720109477";

/** The oldest release that is looked for. */
const OLDEST_YEAR = 16;

/** A machine with less memory does not get through its first update. */
const LEAST_MEBIBYTES = 1024;

/** The newest image of the newest Ubuntu with long-term support. @throws InputError when the region has none. */
export async function newestUbuntu(ec2: Ec2, now: number): Promise<Image> {
  for (let year = newestLts(now); year >= OLDEST_YEAR; year -= 2) {
    const name = [`ubuntu/images/hvm-ssd*/ubuntu-*-${year}.04-amd64-server-*`];
    const Filter = filters({ name, state: ["available"] });
    const images = await ec2.list("DescribeImages", "imagesSet", { Owner: [CANONICAL], Filter });
    const newest = images.sort(byDate).at(-1);
    const id = text(newest, "imageId");
    if (id !== undefined) return { id, name: text(newest, "name") ?? "" };
  }
  throw new InputError("there is no Ubuntu image in this region: name an image as `image_id` in the secret `aws`");
}

/** The two digits of the year: releases with long-term support come in April of even years. */
function newestLts(now: number): number {
  const year = new Date(now).getUTCFullYear() % 100;
  return year - (year % 2);
}

function byDate(left: Parsed, right: Parsed): number {
  return (text(left, "creationDate") ?? "").localeCompare(text(right, "creationDate") ?? "");
}

interface InstanceType {
  readonly name: string;
  readonly mebibytes: number;
}

/** The smallest ordinary instance type of the region that can run Ubuntu. @throws InputError when there is none. */
export async function smallestType(ec2: Ec2): Promise<string> {
  const Filter = filters({
    "current-generation": ["true"],
    "processor-info.supported-architecture": ["x86_64"],
    "instance-type": ["t*"],
  });
  const types = await ec2.list("DescribeInstanceTypes", "instanceTypeSet", { Filter, MaxResults: 100 });
  const [smallest] = types
    .map((type) => ({
      name: text(type, "instanceType") ?? "",
      mebibytes: Number(text(type, "memoryInfo", "sizeInMiB")),
    }))
    .filter(({ mebibytes }) => mebibytes >= LEAST_MEBIBYTES)
    .sort(bySize);
  if (smallest !== undefined) return smallest.name;
  throw new InputError("this region has no small instance type: name one as `instance_type` in the secret `aws`");
}

/** Less memory first; of equal ones the newest generation, and of that the plain one: t3 before t3a and t2. */
function bySize(left: InstanceType, right: InstanceType): number {
  const newer = generation(right.name) - generation(left.name);
  return left.mebibytes - right.mebibytes || newer || left.name.localeCompare(right.name);
}

function generation(name: string): number {
  return Number(/\d+/.exec(name)?.[0] ?? 0);
}
