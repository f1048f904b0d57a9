/** What machines are started with when the secret names nothing: asked of EC2 itself, so that it fits account and region. */
import type { EC2Client, Image, InstanceTypeInfo } from "@aws-sdk/client-ec2";
import { DescribeImagesCommand, paginateDescribeInstanceTypes } from "@aws-sdk/client-ec2";
import { InputError } from "../shared/context.ts";

/** Canonical's account, which publishes Ubuntu (https://documentation.ubuntu.com/aws/). */
const CANONICAL = "099720109477";

/** The oldest release that is looked for. */
const OLDEST_YEAR = 16;

/** A machine with less memory does not get through its first update. */
const LEAST_MEBIBYTES = 1024;

/** The newest image of the newest Ubuntu with long-term support. @throws InputError when the region has none. */
export async function newestUbuntu(ec2: EC2Client, now: number): Promise<Image & { readonly ImageId: string }> {
  for (let year = newestLts(now); year >= OLDEST_YEAR; year -= 2) {
    const { Images = [] } = await ec2.send(
      new DescribeImagesCommand({
        Owners: [CANONICAL],
        Filters: [
          { Name: "name", Values: [`ubuntu/images/hvm-ssd*/ubuntu-*-${year}.04-amd64-server-*`] },
          { Name: "state", Values: ["available"] },
        ],
      }),
    );
    const [newest] = Images.filter(hasId).sort((left, right) => byDate(right, left));
    if (newest !== undefined) return newest;
  }
  throw new InputError("there is no Ubuntu image in this region: name an image as `image_id` in the secret `aws`");
}

/** The two digits of the year: releases with long-term support come in April of even years. */
function newestLts(now: number): number {
  const year = new Date(now).getUTCFullYear() % 100;
  return year - (year % 2);
}

function hasId(image: Image): image is Image & { readonly ImageId: string } {
  return image.ImageId !== undefined;
}

function byDate(left: Image, right: Image): number {
  return (left.CreationDate ?? "").localeCompare(right.CreationDate ?? "");
}

/** The smallest ordinary instance type of the region that can run Ubuntu. @throws InputError when there is none. */
export async function smallestType(ec2: EC2Client): Promise<string> {
  const Filters = [
    { Name: "current-generation", Values: ["true"] },
    { Name: "processor-info.supported-architecture", Values: ["x86_64"] },
    { Name: "instance-type", Values: ["t*"] },
  ];
  const found: InstanceTypeInfo[] = [];
  for await (const page of paginateDescribeInstanceTypes({ client: ec2 }, { Filters })) {
    found.push(...(page.InstanceTypes ?? []));
  }
  const [smallest] = found.filter((type) => memoryOf(type) >= LEAST_MEBIBYTES).sort(bySize);
  if (smallest?.InstanceType !== undefined) return smallest.InstanceType;
  throw new InputError("this region has no small instance type: name one as `instance_type` in the secret `aws`");
}

function memoryOf({ MemoryInfo }: InstanceTypeInfo): number {
  return MemoryInfo?.SizeInMiB ?? 0;
}

/** Less memory first; of equal ones the newest generation, and of that the plain one: t3 before t3a and t2. */
function bySize(left: InstanceTypeInfo, right: InstanceTypeInfo): number {
  const [one, other] = [nameOf(left), nameOf(right)];
  return memoryOf(left) - memoryOf(right) || generation(other) - generation(one) || one.localeCompare(other);
}

function nameOf({ InstanceType }: InstanceTypeInfo): string {
  return InstanceType ?? "";
}

function generation(name: string): number {
  return Number(/\d+/.exec(name)?.[0] ?? 0);
}
