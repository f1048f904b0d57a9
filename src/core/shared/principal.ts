/** Who asks, and by which way in. Every service method takes one; `iam.authorize` judges it. */
export interface Principal {
  readonly kind: "administrator" | "service-account" | "function" | "endpoint" | "system" | "anonymous";
  /** The account as `organization/name`, the run (`function`), the endpoint ... */
  readonly id: string;
  readonly organization: string;
  readonly via: "rest" | "gateway" | "door" | "recovery" | "internal";
}
