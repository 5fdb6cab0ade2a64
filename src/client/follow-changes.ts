import { LedgerError, LedgerUnreachableError } from './ledger-error.js';
import { retryDelayMs } from './retry-delay.js';
import type { Send } from './send.js';
import type { CallOptions, Change, ChangePage } from './types.js';

/** A version, and the feed that its cursor is of: keep both, and hand them in to go on after it. */
export type FollowedChange = Change & { feed: string };

export type Retry = { error: LedgerError | LedgerUnreachableError; failures: number; delayMs: number };

export type FollowOptions = CallOptions & {
  /** The cursor of the last change that was worked off. Left out: from the oldest that is kept. */
  after?: string | undefined;
  /** `feed` of that change: after a restored backup its cursor means something else, and is refused. */
  feed?: string | undefined;
  /** How many are fetched at once; 100 by default. */
  limit?: number;
  /** For how long the ledger holds back an empty answer, in seconds, 60 at most; 30 by default. */
  waitS?: number;
  /** Told before each new try. */
  onRetry?: (retry: Retry) => void;
};

/**
 * Every new version of every session once, in commit order, for as long as it is read. While the ledger is away it
 * tries again, later each time. What the ledger refuses (4xx) is thrown: 410 where the cursor is of no use any more,
 * with `problem.begin`. Aborting the signal ends it without an error.
 */
export async function* followChanges(send: Send, options: FollowOptions = {}): AsyncGenerator<FollowedChange> {
  let { after, feed } = options;
  for (;;) {
    const page = await readUntilAnswered(send, { ...options, after, feed });
    if (page === null) return;
    for (const change of page.changes) {
      if (options.signal?.aborted === true) return;
      yield { ...change, feed: page.feed };
    }
    ({ next: after, feed } = page);
  }
}

/** Null if it was aborted. */
async function readUntilAnswered(send: Send, options: FollowOptions): Promise<ChangePage | null> {
  const { after, feed, limit, waitS = 30, signal, onRetry } = options;
  const query = { after, feed, limit, wait: waitS };
  for (let failures = 1; ; failures += 1) {
    try {
      return await send<ChangePage>({ path: '/v1/changes', query, signal, waitMs: waitS * 1000 });
    } catch (error) {
      if (signal?.aborted === true) return null;
      if (!mayPass(error)) throw error;
      const asked = error instanceof LedgerError ? error.retryAfterMs : null;
      const delayMs = retryDelayMs(failures, asked, Math.random());
      onRetry?.({ error, failures, delayMs });
      await pause(delayMs, signal);
    }
  }
}

function mayPass(error: unknown): error is LedgerError | LedgerUnreachableError {
  return error instanceof LedgerUnreachableError || (error instanceof LedgerError && error.status >= 500);
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    if (signal?.aborted === true) end();
    else signal?.addEventListener('abort', end);
  });
}
