import type { Post } from "./channel.ts";

/** The posts of a channel, and a way to wait for the next one. */
export interface Feed {
  /** Oldest first. */
  readonly posts: readonly Post[];
  show(post: Post): void;
  /** Resolves with post number `count` (1 is the first ever), now or when it comes; rejects when `signal` aborts. */
  post(count: number, signal: AbortSignal): Promise<Post>;
}

export function createFeed(): Feed {
  const posts: Post[] = [];
  const waiting = new Set<() => void>();

  function show(post: Post): void {
    posts.push(post);
    for (const look of waiting) look();
  }

  function post(count: number, signal: AbortSignal): Promise<Post> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = posts[count - 1];
        if (found === undefined) return;
        finish();
        resolve(found);
      };
      const giveUp = () => {
        finish();
        reject(new Error(`the channel has ${posts.length} posts; number ${count} did not come`));
      };
      const finish = () => {
        waiting.delete(look);
        signal.removeEventListener("abort", giveUp);
      };
      waiting.add(look);
      signal.addEventListener("abort", giveUp);
      look();
    });
  }

  return { posts, show, post };
}
