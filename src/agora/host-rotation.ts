/** How long a base URL that failed is left alone, by how often it has failed in a row. */
const COOL_DOWN_MS = [1_000, 3_000, 6_000, 30_000];

/**
 * Which of the base URLs to ask next. One that failed is passed over for a while, a longer one each
 * time, and then tried again, so that the first one is used whenever it works.
 */
export type HostRotation = {
  next: (nowMs: number) => string;
  succeeded: (baseUrl: string) => void;
  failed: (baseUrl: string, nowMs: number) => void;
};

export function createHostRotation(baseUrls: readonly [string, ...string[]]): HostRotation {
  const failures = new Map<string, { times: number; untilMs: number }>();
  return {
    next: (nowMs) =>
      baseUrls.find((url) => (failures.get(url)?.untilMs ?? 0) <= nowMs) ??
      soonestBack(baseUrls, failures),
    succeeded: (baseUrl) => failures.delete(baseUrl),
    failed: (baseUrl, nowMs) => {
      const times = (failures.get(baseUrl)?.times ?? 0) + 1;
      const coolDownMs = COOL_DOWN_MS[Math.min(times, COOL_DOWN_MS.length) - 1] ?? 0;
      failures.set(baseUrl, { times, untilMs: nowMs + coolDownMs });
    },
  };
}

function soonestBack(
  [first, ...others]: readonly [string, ...string[]],
  failures: ReadonlyMap<string, { untilMs: number }>,
): string {
  const untilMs = (url: string): number => failures.get(url)?.untilMs ?? 0;
  return others.reduce((best, url) => (untilMs(url) < untilMs(best) ? url : best), first);
}
