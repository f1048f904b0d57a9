import { openSecret } from "../shared/secret.ts";
import type { ImageReference } from "./image.ts";
import { readImage } from "./image.ts";

/** How to reach a subscription, read from the secret `azure`. */
export interface AzureSettings {
  /** The application (service principal) that acts. */
  readonly clientId: string;
  readonly password: string;
  readonly tenant: string;
  readonly subscription: string;
  readonly location: string;
  readonly virtualNetwork: string;
  readonly subnet: string;
  /** Of the account that a new machine gets. */
  readonly adminUsername: string;
  readonly adminPassword: string;
  /** Found by the network's name when absent. */
  readonly resourceGroup?: string;
  readonly image?: ImageReference;
  readonly size?: string;
  /** Azure Resource Manager, without trailing slash. */
  readonly endpoint: string;
  /** Microsoft Entra, without trailing slash. */
  readonly authority: string;
}

type Values = Readonly<Record<string, string | undefined>>;

/**
 * Reads the settings from the run's secrets; the endpoints may also be in the environment.
 * @throws InputError that names what is missing or wrong, never a value.
 */
export function readSettings(secrets: Values, environment: Values): AzureSettings {
  const secret = openSecret("azure", secrets);
  const [group, image, size] = [secret.get("resource_group"), secret.get("image"), secret.get("size")];
  return {
    clientId: secret.need("clientId"),
    password: secret.need("password"),
    tenant: secret.need("tenant"),
    subscription: secret.need("subscription"),
    location: secret.need("location"),
    virtualNetwork: secret.need("virtual_network"),
    subnet: secret.need("subnet"),
    adminUsername: secret.get("admin_username") ?? "cloudmaster",
    adminPassword: secret.need("admin_password"),
    ...(group === undefined ? {} : { resourceGroup: group }),
    ...(image === undefined ? {} : { image: readImage(image) }),
    ...(size === undefined ? {} : { size }),
    endpoint: withoutSlash(secret.get("endpoint") ?? environment.AZURE_ARM_ENDPOINT ?? "https://management.azure.com"),
    authority: withoutSlash(
      secret.get("authority") ?? environment.AZURE_AUTHORITY_HOST ?? "https://login.microsoftonline.com",
    ),
  };
}

function withoutSlash(address: string): string {
  return address.replace(/\/+$/, "");
}
