/** What a machine is started with: what the secret names, completed by what EC2 has. */
import type { Parsed } from "../../../../packages/xml/xml.ts";
import { text } from "../../../../packages/xml/xml.ts";
import type { ChosenDefaults } from "../shared/machine.ts";
import type { Image } from "./defaults.ts";
import { newestUbuntu, smallestType } from "./defaults.ts";
import type { Ec2 } from "./ec2.ts";
import type { AwsSettings } from "./settings.ts";

export interface LaunchPlan {
  readonly imageId: string;
  readonly instanceType: string;
  readonly subnetId: string | undefined;
}

/** @throws InputError when a default cannot be found. */
export async function planLaunch(
  ec2: Ec2,
  settings: AwsSettings,
): Promise<{ readonly plan: LaunchPlan; readonly image: Image }> {
  const [image, instanceType] = await Promise.all([
    settings.imageId === undefined ? newestUbuntu(ec2, Date.now()) : { id: settings.imageId },
    settings.instanceType ?? smallestType(ec2),
  ]);
  return { plan: { imageId: image.id, instanceType, subnetId: settings.subnetId }, image };
}

export function chosenDefaults(settings: AwsSettings, instance: Parsed, image: Image): ChosenDefaults {
  const [size, subnet] = [text(instance, "instanceType"), text(instance, "subnetId")];
  return {
    ...(settings.imageId === undefined ? { image: `${image.name ?? ""} ${image.id}`.trim() } : {}),
    ...(settings.instanceType === undefined && size !== undefined ? { size } : {}),
    ...(settings.subnetId === undefined && subnet !== undefined ? { network: subnet } : {}),
  };
}
