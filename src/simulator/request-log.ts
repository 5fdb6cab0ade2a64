/** What a fake Agora remembers of the calls it got: enough to tell whether anybody called too often. */
export type RequestLog = {
  /** Counts a call of an account; false when it is over the limit of the last second. */
  arrived: (account: string, atMs: number) => boolean;
  answered: (status: string) => void;
  total: () => number;
  byStatus: () => Readonly<Record<string, number>>;
  /** The most calls that one account made in any second, wherever that second begins. */
  worstSecond: () => number;
  /** From now on worstSecond() tells of what comes from now on. */
  forgetWorst: () => void;
  /** Calls that found their second full already. */
  overLimit: () => number;
};

export function createRequestLog(limitPerSecond: number): RequestLog {
  const recent = new Map<string, number[]>();
  const statuses: Record<string, number> = {};
  let total = 0;
  let worst = 0;
  let over = 0;
  return {
    arrived: (account, atMs) => {
      const lastSecond = (recent.get(account) ?? []).filter((earlier) => earlier > atMs - 1_000);
      lastSecond.push(atMs);
      recent.set(account, lastSecond);
      total += 1;
      worst = Math.max(worst, lastSecond.length);
      if (lastSecond.length > limitPerSecond) over += 1;
      return lastSecond.length <= limitPerSecond;
    },
    answered: (status) => {
      statuses[status] = (statuses[status] ?? 0) + 1;
    },
    total: () => total,
    byStatus: () => ({ ...statuses }),
    worstSecond: () => worst,
    forgetWorst: () => {
      worst = 0;
    },
    overLimit: () => over,
  };
}
