import { createBreaker, type QueryEnd } from './host-breaker.js';

/** Permission to send one query to one host. Its holder must report once how the query ended. */
export type Permit = { baseUrl: string; done: (result: QueryEnd) => void };

/** The base URLs in order of preference: a later one is used while the breakers of all earlier ones are open. */
export type HostRotation = {
  /** The first host that may be asked about the session now; never waits for one. */
  admit: (sid: string) => Permit | 'unreachable';
  /** How long until one of them may be asked again; 0 if one may be asked now. */
  closedForMs: () => number;
};

/** A host may fail for one session and work for all others, so the last failures of this many sessions are kept. */
const MOST_REMEMBERED = 10_000;

/**
 * A breaker for each host. A session whose last query failed at one of them is asked at another next time, if
 * that may be asked: so the second host is used even where a single session lives. `monotonicMs` is a
 * monotonic clock.
 * @see https://docs.agora.io/en/cloud-recording/best-practices/integration-best-practices (read 2026-07); docs/agora.md#hosts
 */
export function createHostRotation(baseUrls: readonly string[], monotonicMs: () => number): HostRotation {
  const hosts = baseUrls.map((baseUrl) => ({ baseUrl, breaker: createBreaker(monotonicMs) }));
  const failedAt = new Map<string, number>();
  const permit = (sid: string, index: number): Permit | null => {
    const host = hosts[index];
    const done = host?.breaker.admit(sid);
    if (host === undefined || done === undefined || done === 'open') return null;
    return {
      baseUrl: host.baseUrl,
      done: (result) => {
        done(result);
        remember(failedAt, sid, index, result);
      },
    };
  };
  return {
    admit: (sid) => {
      const first = ((failedAt.get(sid) ?? -1) + 1) % hosts.length;
      for (const index of inTurn(first, hosts.length)) {
        const admitted = permit(sid, index);
        if (admitted !== null) return admitted;
      }
      return 'unreachable';
    },
    closedForMs: () => Math.min(...hosts.map(({ breaker }) => breaker.closedForMs())),
  };
}

/** The preferred one, then the others from the first on. */
function inTurn(first: number, count: number): number[] {
  return [first, ...Array.from({ length: count }, (_, n) => n).filter((n) => n !== first)];
}

function remember(failedAt: Map<string, number>, sid: string, index: number, result: QueryEnd): void {
  if (result === 'answered') failedAt.delete(sid);
  if (result !== 'failed' && result !== 'unreached') return;
  if (failedAt.size >= MOST_REMEMBERED) failedAt.clear();
  failedAt.set(sid, index);
}
