import { plusMs, type UnixMs } from '../../evidence/instant.js';

/**
 * Holds back what was never tried while an endpoint fails for session after session: a dead host is asked by the
 * tries that are due anyhow, and now and then by one more. *closed*: all goes out. *open* until a moment: only what
 * was tried before. Then *half open*: one first try, which closes it or opens it for longer.
 */
export type EndpointBreaker = {
  /** Whether a first try may be made now. */
  mayTry: (nowMs: UnixMs) => boolean;
  /** Until when it holds back; null while it does not. */
  restUntil: () => UnixMs | null;
  tried: () => void;
  /** The try was not made. */
  gaveUp: () => void;
  succeeded: () => void;
  failed: (key: string, nowMs: UnixMs) => void;
};

const FAILURES = 8;
/** One session that an endpoint does not take says nothing about the others. */
const SESSIONS = 4;
const LONGEST_REST_MS = 60_000;

export function createEndpointBreaker(firstRestMs: number): EndpointBreaker {
  let [failures, opened, probing] = [0, 0, false];
  let sessions = new Set<string>();
  let restUntilMs: UnixMs | null = null;
  return {
    mayTry: (nowMs) => restUntilMs === null || (nowMs >= restUntilMs && !probing),
    restUntil: () => restUntilMs,
    tried: () => {
      probing = restUntilMs !== null;
    },
    gaveUp: () => {
      probing = false;
    },
    succeeded: () => {
      [failures, opened, probing, restUntilMs] = [0, 0, false, null];
      sessions = new Set();
    },
    failed: (key, nowMs) => {
      failures += 1;
      if (sessions.size < SESSIONS) sessions.add(key);
      if (failures < FAILURES || sessions.size < SESSIONS) return;
      const isOpen = restUntilMs !== null && nowMs < restUntilMs;
      if (isOpen) return;
      probing = false;
      opened += 1;
      restUntilMs = plusMs(nowMs, Math.min(firstRestMs * 2 ** (opened - 1), LONGEST_REST_MS));
    },
  };
}
