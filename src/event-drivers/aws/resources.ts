/** What the driver makes in AWS: a queue, and rules of EventBridge that feed it. All of it may be there already. */
import { type AwsCall, AwsError } from "./client.ts";
import type { AwsSettings } from "./settings.ts";

/** Four days, the default of SQS, would lose what waits over a holiday. */
const KEPT_SECONDS = 14 * 24 * 60 * 60;

/** The address of the queue. */
export async function obtainQueue(call: AwsCall, settings: AwsSettings): Promise<string> {
  if (settings.queueUrl !== undefined) return settings.queueUrl;
  const { QueueUrl: queueUrl } = await call("sqs", "CreateQueue", {
    QueueName: `${settings.queueName}-${settings.mark}`,
    Attributes: { MessageRetentionPeriod: String(KEPT_SECONDS) },
  });
  const names = { QueueUrl: queueUrl, AttributeNames: ["QueueArn"] };
  const { Attributes: attributes } = await call("sqs", "GetQueueAttributes", names);
  const queueArn = (attributes as { readonly QueueArn: string }).QueueArn;
  const rules = await Promise.all(rulesOf(settings).map((rule) => feed(call, rule, queueArn)));
  const policy = { QueueUrl: queueUrl, Attributes: { Policy: JSON.stringify(policyOf(queueArn, rules)) } };
  await call("sqs", "SetQueueAttributes", policy);
  return String(queueUrl);
}

/** Removes what `obtainQueue` made, and what waits in it. */
export async function removeQueue(call: AwsCall, settings: AwsSettings, queueUrl: string): Promise<void> {
  if (settings.queueUrl !== undefined) return;
  await Promise.all(
    rulesOf(settings).map(async ({ Name: rule }) => {
      await ifThere(call("events", "RemoveTargets", { Rule: rule, Ids: [TARGET] }));
      await ifThere(call("events", "DeleteRule", { Name: rule }));
    }),
  );
  await ifThere(call("sqs", "DeleteQueue", { QueueUrl: queueUrl }));
}

const TARGET = "dispatch";

function rulesOf({ patterns, schedule, mark }: AwsSettings): { readonly Name: string }[] {
  const rules = [
    ...patterns.map((pattern) => ({ EventPattern: pattern })),
    ...(schedule === "" ? [] : [{ ScheduleExpression: schedule }]),
  ];
  return rules.map((rule, index) => ({ Name: `dispatch-rule-${mark}-${index}`, ...rule }));
}

async function feed(call: AwsCall, rule: { readonly Name: string }, queueArn: string): Promise<string> {
  const { RuleArn: ruleArn } = await call("events", "PutRule", rule);
  await call("events", "PutTargets", { Rule: rule.Name, Targets: [{ Id: TARGET, Arn: queueArn }] });
  return String(ruleArn);
}

function policyOf(queueArn: string, rules: readonly string[]): object {
  const statement = {
    ...{ Effect: "Allow", Principal: { Service: "events.amazonaws.com" }, Action: "sqs:SendMessage" },
    ...{ Resource: queueArn, Condition: { ArnEquals: { "aws:SourceArn": rules } } },
  };
  return { Version: "2012-10-17", Statement: [statement] };
}

async function ifThere(removal: Promise<unknown>): Promise<void> {
  await removal.catch((error: unknown) => {
    if (!(error instanceof AwsError && /NotFound|NonExistent|DoesNotExist/.test(error.code))) throw error;
  });
}
