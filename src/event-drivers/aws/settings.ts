/** Which events of AWS, and who asks (cli-and-runtimes.md 3.2). */
import { createHash } from "node:crypto";
import { UsageError } from "../shared/flags.ts";
import type { AwsAccount } from "./client.ts";

export interface AwsSettings {
  readonly account: AwsAccount;
  /** A queue that somebody else has made; undefined for one of the driver's own. */
  readonly queueUrl: string | undefined;
  readonly queueName: string;
  /** As EventBridge takes them: JSON. */
  readonly patterns: readonly string[];
  /** `rate(5 minutes)` or `cron(...)`; "" for none. */
  readonly schedule: string;
  /** The same for the same settings, so that the next start finds what waits. */
  readonly mark: string;
  readonly waitSeconds: number;
  /** So long a message is hidden from others while it is made an event. */
  readonly hiddenSeconds: number;
}

type Texts = Readonly<Record<string, string | undefined>>;

/** @throws UsageError that names what is missing or wrong */
export function readAwsSettings(flags: Texts, environment: Texts): AwsSettings {
  const queueUrl = flags["queue-url"] || environment.QUEUE_URL || undefined;
  const patterns = patternsOf(flags["event-patterns"] ?? "");
  const schedule = flags["schedule-expression"] ?? "";
  if (queueUrl === undefined && patterns.length === 0 && schedule === "")
    throw new UsageError(
      "nothing to listen to: set event-patterns (a JSON array of patterns of EventBridge), schedule-expression or queue-url",
    );
  if (queueUrl !== undefined && patterns.length + schedule.length > 0)
    throw new UsageError(
      "queue-url is for a queue that is fed already: leave event-patterns and schedule-expression out",
    );
  const queueName = flags["queue-name"] ?? "";
  if (!/^[\w-]{1,43}$/.test(queueName))
    throw new UsageError(`queue-name is ${queueName}: use up to 43 letters, digits, - and _`);
  return {
    account: accountOf(flags, environment),
    ...{ queueUrl, queueName, patterns, schedule },
    mark: uuidOf(JSON.stringify([queueName, flags.source, patterns, schedule])),
    waitSeconds: secondsOf("duration", flags, 0, 20),
    hiddenSeconds: secondsOf("visibility", flags, 1, 43_200),
  };
}

function accountOf(flags: Texts, environment: Texts): AwsAccount {
  const accessKeyId = environment.AWS_ACCESS_KEY_ID ?? "";
  const secretAccessKey = environment.AWS_SECRET_ACCESS_KEY ?? "";
  if (accessKeyId === "" || secretAccessKey === "")
    throw new UsageError("give the driver a secret with aws_access_key_id and aws_secret_access_key");
  const region = flags.region ?? "";
  if (!/^[a-z]{2}(-[a-z]+)+-\d+$/.test(region))
    throw new UsageError(`region is ${region}: use a name such as us-west-2`);
  const sessionToken = environment.AWS_SESSION_TOKEN ?? "";
  return { region, accessKeyId, secretAccessKey, sessionToken, endpoint: flags.endpoint ?? "" };
}

function patternsOf(text: string): string[] {
  if (text.trim() === "") return [];
  try {
    const patterns: unknown = JSON.parse(text);
    if (Array.isArray(patterns) && patterns.every((pattern) => typeof pattern === "object" && pattern !== null))
      return patterns.map((pattern) => JSON.stringify(pattern));
  } catch {
    // Told below.
  }
  throw new UsageError('event-patterns is no JSON array of patterns: write it as [{"source": ["aws.s3"]}]');
}

function secondsOf(name: string, flags: Texts, least: number, most: number): number {
  const seconds = Number((flags[name] ?? "").replace(/s$/, ""));
  if (!Number.isInteger(seconds) || seconds < least)
    throw new UsageError(`${name} is ${flags[name]}: use a whole number of seconds from ${least} to ${most}`);
  return Math.min(seconds, most);
}

function uuidOf(text: string): string {
  const digest = createHash("sha256").update(text).digest("hex");
  return [
    digest.slice(0, 8),
    digest.slice(8, 12),
    digest.slice(12, 16),
    digest.slice(16, 20),
    digest.slice(20, 32),
  ].join("-");
}
