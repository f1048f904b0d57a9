/** Alice in her channel: types a command and reads what comes. */
import type { Post } from "../simulator/slack/channel.ts";
import type { Slack } from "../simulator/slack/workspace.ts";
import { StepFailure } from "./failure.ts";
import type { Screen } from "./screen.ts";

const PATIENCE_MS = 120_000;
/** Function `status` tells each machine that the vCenter begins to make, whatever else is being said. */
const ANNOUNCEMENT = /^Deploying \S+ on host /;

/** A post that alice waits for. The answer and the result of a quick command may come in either order. */
export interface Expectation {
  readonly what: string;
  readonly text: RegExp;
}

export interface Channel {
  /**
   * Types `/cloudmaster <text>`, shows what comes and compares it with what is expected.
   * @throws StepFailure when something else comes, or nothing.
   */
  say(text: string, expected: readonly Expectation[]): Promise<void>;
  /** Shows what comes until it is there, unless it was there already. @throws StepFailure when it does not come. */
  hear({ what, text }: Expectation): Promise<void>;
}

export function openChannel(slack: Slack, screen: Screen): Channel {
  let shown = 0;

  async function next(): Promise<string> {
    const post = await slack.post(shown + 1, AbortSignal.timeout(PATIENCE_MS));
    shown++;
    screen.post(post);
    return plain(post);
  }

  async function say(text: string, expected: readonly Expectation[]): Promise<void> {
    await slack.type(text);
    const heard: string[] = [];
    while (heard.length <= expected.length) {
      const words = await next().catch((error: Error) => {
        throw new StepFailure(`“/cloudmaster ${text}” was not answered to the end: ${error.message}`, heard.join("\n"));
      });
      if (!ANNOUNCEMENT.test(words)) heard.push(words);
    }
    const missing = expected.find((each) => !heard.some((words) => each.text.test(words)));
    if (missing !== undefined)
      throw new StepFailure(`“/cloudmaster ${text}”: ${missing.what} looks different`, heard.join("\n"));
  }

  async function hear({ what, text }: Expectation): Promise<void> {
    if (slack.posts.slice(0, shown).some((post) => text.test(plain(post)))) return;
    for (let words = ""; !text.test(words); ) {
      words = await next().catch((error: Error) => {
        throw new StepFailure(`${what} did not come: ${error.message}`);
      });
    }
  }

  return { say, hear };
}

function plain(post: Post): string {
  return [post.text, ...post.attachments.map((attachment) => attachment.fallback ?? attachment.title ?? "")].join("\n");
}

export function answer(text: RegExp): Expectation {
  return { what: "the answer", text };
}

export function result(text: RegExp): Expectation {
  return { what: "the result", text };
}
