/** Azure's error codes in words: what is wrong, and what to do about it. */
import { RestError, textAt, valueAt } from "../shared/rest.ts";

/** Codes of Resource Manager and of Microsoft Entra (AADSTS...). */
const SENTENCES: Readonly<Record<string, string>> = {
  AADSTS7000215: "Microsoft Entra does not accept the application's password: check `password` of the secret `azure`",
  AADSTS7000222:
    "the application's password has expired: make a new one and put it into `password` of the secret `azure`",
  AADSTS700016: "Microsoft Entra does not know the application: check `clientId` and `tenant` of the secret `azure`",
  AADSTS90002: "Microsoft Entra does not know the tenant: check `tenant` of the secret `azure`",
  AADSTS900023: "`tenant` of the secret `azure` is no tenant: it looks like 00000000-0000-0000-0000-000000000000",
  InvalidAuthenticationToken: "Azure does not accept the application's token: check the secret `azure`",
  ExpiredAuthenticationToken: "Azure says that the token has expired: is this machine's clock right?",
  AuthorizationFailed:
    "the application of the secret `azure` may not do this: give it the role Virtual Machine Contributor on the " +
    "resource group, and Network Contributor on the network",
  LinkedAuthorizationFailed:
    "the application of the secret `azure` may not use the network: give it the role Network Contributor on it",
  SubscriptionNotFound: "Azure does not know the subscription: check `subscription` of the secret `azure`",
  InvalidSubscriptionId: "`subscription` of the secret `azure` is no subscription's id",
  ResourceGroupNotFound: "Azure has no such resource group: check `resource_group` of the secret `azure`",
  LocationNotAvailableForResourceType: "Azure has no such region: check `location` of the secret `azure`",
  NoRegisteredProviderFound: "Azure has no such region: check `location` of the secret `azure`",
  InvalidResourceReference: "Azure has no such subnet: check `virtual_network` and `subnet` of the secret `azure`",
  NotFound: "Azure has no such network or subnet: check `virtual_network` and `subnet` of the secret `azure`",
  QuotaExceeded: "the subscription uses as many processors as it may: delete machines or ask Azure for more",
  OperationNotAllowed: "Azure does not allow this: the subscription may use no more processors of that kind",
  SkuNotAvailable:
    "Azure has no machine of this size free in the region: name another one in `size` of the secret `azure`",
  AllocationFailed: "Azure has no machine of this size free at the moment: try later, or name another `size`",
  ZonalAllocationFailed: "Azure has no machine of this size free at the moment: try later, or name another `size`",
  SubnetIsFull: "the subnet has no address left: name another one in `subnet` of the secret `azure`",
  InvalidParameter: "Azure does not take a value: is `admin_password` of the secret `azure` long and mixed enough?",
  TooManyRequests: "Azure is being asked too much at the moment: try again in a minute",
  PlatformImageNotFound: "Azure has no such image in the region: check `image` of the secret `azure`",
};

/** An error that people in a channel understand; what nobody knows yet keeps Azure's own words. */
export function explain(error: Error): Error {
  const code = error instanceof RestError ? codeOf(error.body) : undefined;
  if (code === undefined) return error;
  const sentence = Object.hasOwn(SENTENCES, code) ? SENTENCES[code] : undefined;
  return new Error(sentence === undefined ? `${error.message} [${code}]` : `${sentence} (${code})`);
}

function codeOf(body: unknown): string | undefined {
  const entra = /^AADSTS\d+/.exec(textAt(body, "error_description") ?? "")?.[0];
  if (entra !== undefined) return entra;
  const error = valueAt(body, "error");
  return textAt(error, "code") ?? textAt(body, "code");
}
