/** Alice in her channel: types a command and reads what comes. */
import type { Post } from "../simulator/slack/channel.ts";
import type { Slack } from "../simulator/slack/workspace.ts";
import { StepFailure } from "./failure.ts";
import type { Screen } from "./screen.ts";

const PATIENCE_MS = 20_000;

/** A post that alice waits for. The answer and the result of a quick command may come in either order. */
export interface Expectation {
  readonly what: string;
  readonly text: RegExp;
}

/**
 * Types `/cloudmaster <text>`, shows what comes and compares it with what is expected.
 * @throws StepFailure when something else comes, or nothing.
 */
export async function say(slack: Slack, screen: Screen, text: string, expected: readonly Expectation[]): Promise<void> {
  const before = slack.posts.length;
  await slack.type(text);
  const heard: string[] = [];
  for (let index = 0; index <= expected.length; index++) {
    const post = await slack.post(before + index + 1, AbortSignal.timeout(PATIENCE_MS)).catch((error: Error) => {
      throw new StepFailure(`“/cloudmaster ${text}” was not answered to the end: ${error.message}`, heard.join("\n"));
    });
    screen.post(post);
    heard.push(plain(post));
  }
  const missing = expected.find((each) => !heard.some((words) => each.text.test(words)));
  if (missing !== undefined)
    throw new StepFailure(`“/cloudmaster ${text}”: ${missing.what} looks different`, heard.join("\n"));
}

function plain(post: Post): string {
  return [post.text, ...post.attachments.map((attachment) => attachment.fallback ?? attachment.title ?? "")].join("\n");
}
