import {
  circuitBreaker,
  ConsecutiveBreaker,
  DelegateBackoff,
  handleWhenResult,
  isBrokenCircuitError,
  type CircuitBreakerPolicy,
} from 'cockatiel';

/** So many failures in a row, and it is left alone: single ones are the weather. */
const FAILURES = 3;
/** For how long, by how often that has happened in a row; then one query tries it again. */
const COOL_DOWN_MS = [1_000, 3_000, 6_000, 15_000, 30_000];

type Host = { baseUrl: string; breaker: CircuitBreakerPolicy; openUntilMs: number };

/** The base URLs, tried in order: a later one while every earlier one is left alone. */
export type HostRotation<T> = {
  /** Asks the first host that may be asked; `none` while all of them are left alone. */
  ask: (work: (baseUrl: string) => Promise<T>) => Promise<T | 'none'>;
  /** How long it is until one of them may be asked again; 0 where one may be asked now. */
  closedForMs: () => number;
};

/**
 * A breaker for each host. `isFailure` says which results speak against the host itself. A host whose
 * time is over is tried again with one query, so the first one is used again as soon as it works.
 * @see docs/agora.md#hosts
 */
export function createHostRotation<T>(
  baseUrls: readonly string[],
  isFailure: (result: T) => boolean,
): HostRotation<T> {
  const hosts = baseUrls.map((baseUrl) => createHost(baseUrl, (result) => isFailure(result as T)));
  return {
    ask: async (work) => {
      for (const { baseUrl, breaker } of hosts) {
        try {
          return await breaker.execute(() => work(baseUrl));
        } catch (error) {
          if (!isBrokenCircuitError(error)) throw error;
        }
      }
      return 'none';
    },
    closedForMs: () =>
      Math.max(Math.min(...hosts.map(({ openUntilMs }) => openUntilMs)) - Date.now(), 0),
  };
}

function createHost(baseUrl: string, isFailure: (result: unknown) => boolean): Host {
  const coolDown = new DelegateBackoff<{ attempt: number }>(({ attempt }) => {
    const waitMs = COOL_DOWN_MS[Math.min(attempt, COOL_DOWN_MS.length) - 1] ?? 0;
    host.openUntilMs = Date.now() + waitMs;
    return waitMs;
  });
  const breaker = circuitBreaker(handleWhenResult(isFailure), {
    breaker: new ConsecutiveBreaker(FAILURES),
    halfOpenAfter: coolDown,
  });
  const host: Host = { baseUrl, breaker, openUntilMs: 0 };
  breaker.onReset(() => {
    host.openUntilMs = 0;
  });
  return host;
}
