/** Every operation of the contracts and the service that performs it. */
import { type Alert, alertOperations } from "../../core/alerts/contract.ts";
import { apiOperations } from "../../core/apis/contract.ts";
import type { Apis } from "../../core/apis/service.ts";
import { type Application, applicationOperations } from "../../core/applications/contract.ts";
import type { Audit } from "../../core/audit/service.ts";
import {
  type Driver,
  type DriverType,
  driverLogOperations,
  driverOperations,
  driverTokenOperations,
  driverTypeOperations,
  type Subscription,
  subscriptionCommands,
  subscriptionOperations,
} from "../../core/events/contract.ts";
import { eventLogOperations } from "../../core/events/delivery-contract.ts";
import type { DriverTypes } from "../../core/events/driver-types.ts";
import type { Drivers } from "../../core/events/drivers.ts";
import { emissionOperations } from "../../core/events/emission-contract.ts";
import type { EventLog } from "../../core/events/event-log-service.ts";
import type { Events } from "../../core/events/events.ts";
import type { Replays } from "../../core/events/replay.ts";
import type { Schedules } from "../../core/events/schedules.ts";
import type { Subscriptions } from "../../core/events/subscriptions.ts";
import { type FunctionResource, functionOperations } from "../../core/functions/contract.ts";
import type { Functions } from "../../core/functions/service.ts";
import {
  type Organization,
  organizationOperations,
  type Policy,
  policyOperations,
  type ServiceAccount,
  serviceAccountOperations,
} from "../../core/iam/contract.ts";
import type { Identity } from "../../core/iam/identity.ts";
import type { BaseImages } from "../../core/images/base-images.ts";
import { type BaseImage, baseImageOperations, type Image, imageOperations } from "../../core/images/contract.ts";
import type { Images } from "../../core/images/images.ts";
import type { Workers } from "../../core/pool/workers.ts";
import { runOperations } from "../../core/runs/contract.ts";
import type { Runs } from "../../core/runs/service.ts";
import { type Secret, secretOperations } from "../../core/secrets/contract.ts";
import type { Secrets } from "../../core/secrets/service.ts";
import type { ResourceOperations, Verb } from "../../core/shared/resource-operations.ts";
import { stateOperations } from "../../core/state/contract.ts";
import type { State } from "../../core/state/service.ts";
import type { Described, ResourceService } from "../../core/store/resource-service.ts";
import type { DeadLetters } from "../../core/work/dead-letters.ts";
import { deadLetterOperations } from "../../core/work/dead-letters-contract.ts";
import { accessRoutes } from "./access-routes.ts";
import { auditRoutes } from "./audit-routes.ts";
import { deadLetterRoutes } from "./dead-letter-routes.ts";
import { eventLogRoutes } from "./event-log-routes.ts";
import { driverLogRoutes, driverTokenRoutes, eventRoutes, subscriptionRoutes } from "./event-routes.ts";
import { paged } from "./paging.ts";
import type { Call, Handler, Route } from "./route.ts";
import { runRoutes } from "./run-routes.ts";
import { scheduleRoutes } from "./schedule-routes.ts";
import { stateRoutes } from "./state-routes.ts";
import { workerRoutes } from "./worker-routes.ts";

export interface Services {
  readonly secrets: Secrets;
  readonly baseImages: BaseImages;
  readonly images: Images;
  readonly functions: Functions;
  readonly runs: Runs;
  readonly apis: Apis;
  readonly subscriptions: Subscriptions;
  readonly driverTypes: DriverTypes;
  readonly drivers: Drivers;
  readonly events: Events;
  readonly eventLog: EventLog;
  readonly replays: Replays;
  readonly schedules: Schedules;
  readonly state: State;
  readonly deadLetters: DeadLetters;
  readonly alerts: Resources<Alert>;
  readonly applications: Resources<Application>;
  readonly identity: Identity;
  readonly audit: Audit;
  readonly workers: Workers;
}

/** The five verbs that every named resource has. */
type Resources<T extends Described> = Pick<ResourceService<T, never>, Verb>;

/** All routes; the order does not matter. `maxList`: entries of a list. */
export function routesOf(services: Services, maxList: number): Route[] {
  const resourceRoutes = <T extends Described>(operations: ResourceOperations, service: Resources<T>) =>
    routesOfResource(operations, resourceHandlers(service, maxList));
  return [
    ...resourceRoutes<Secret>(secretOperations, services.secrets),
    ...resourceRoutes<BaseImage>(baseImageOperations, services.baseImages),
    ...resourceRoutes<Image>(imageOperations, services.images),
    ...resourceRoutes<FunctionResource>(functionOperations, services.functions),
    ...resourceRoutes(apiOperations, services.apis),
    ...resourceRoutes<Alert>(alertOperations, services.alerts),
    ...resourceRoutes<Application>(applicationOperations, services.applications),
    ...resourceRoutes<Policy>(policyOperations, services.identity.policies),
    ...resourceRoutes<ServiceAccount>(serviceAccountOperations, services.identity.serviceAccounts),
    ...resourceRoutes<Organization>(organizationOperations, services.identity.organizations),
    ...accessRoutes(services.identity.iam),
    ...runRoutes(runOperations, services.runs),
    ...deadLetterRoutes(deadLetterOperations, services.deadLetters),
    ...stateRoutes(stateOperations, services.state),
    ...resourceRoutes<Subscription>(subscriptionOperations, services.subscriptions),
    ...subscriptionRoutes(subscriptionCommands, services.subscriptions),
    ...resourceRoutes<DriverType>(driverTypeOperations, services.driverTypes),
    ...resourceRoutes<Driver>(driverOperations, services.drivers),
    ...driverLogRoutes(driverLogOperations, services.drivers),
    ...driverTokenRoutes(driverTokenOperations, services.drivers),
    ...scheduleRoutes(services.schedules, maxList),
    ...workerRoutes(services.workers),
    ...auditRoutes(services.audit),
    ...eventRoutes(emissionOperations, services.events, services.drivers),
    ...eventLogRoutes(eventLogOperations, services),
  ];
}

function routesOfResource(operations: ResourceOperations, handlers: Record<Verb, Handler>): Route[] {
  return (Object.keys(handlers) as Verb[]).map((verb) => ({ operation: operations[verb], handle: handlers[verb] }));
}

function resourceHandlers<T extends Described>(service: Resources<T>, maxList: number): Record<Verb, Handler> {
  return {
    create: async ({ principal, organization, body }) => ({
      body: await service.create(principal, organization, body as T),
    }),
    list: async ({ principal, organization, query }) => paged(service.list(principal, organization), query, maxList),
    get: async (call) => ({ body: await service.get(call.principal, call.organization, nameOf(call)) }),
    update: async (call) => ({
      body: await service.update(call.principal, call.organization, nameOf(call), call.body as T),
    }),
    delete: async (call) => ({ body: await service.delete(call.principal, call.organization, nameOf(call)) }),
  };
}

function nameOf({ path }: Call): string {
  return Object.values(path)[0] ?? "";
}
