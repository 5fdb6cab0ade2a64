import { isTerminal, type Session } from '../sessions/verdict/session.js';
import type { Metrics } from '../observability/metrics.js';
import type { FoldContext, SessionFold } from './fold-context.js';

/** Counts what this process saved, for Prometheus. */
export function publishSaved(metrics: Metrics, accountOf: (appId: string) => string | null): FoldContext['onSaved'] {
  return (saved) => {
    for (const one of saved) {
      metrics.folds.inc({ result: one.isNew ? 'new_version' : 'same' });
      if (!one.isNew) continue;
      if (one.learnedMs !== null) metrics.feedLag.observe(secondsSince(one.learnedMs, one.savedMs));
      publishVerdict(metrics, accountName(one.session, accountOf), one);
    }
  };
}

function accountName({ appId }: Session, accountOf: (appId: string) => string | null): string {
  return (appId === null ? null : accountOf(appId)) ?? 'none';
}

function publishVerdict(metrics: Metrics, account: string, { said, session, savedMs }: SessionFold): void {
  const wasOver = said !== null && isTerminal(said.state);
  const { outcome, endedAt } = session;
  if (outcome === null) {
    if (wasOver) metrics.verdicts.inc({ account, outcome: 'reopened' });
    return;
  }
  if (!wasOver || said.outcome !== outcome) metrics.verdicts.inc({ account, outcome });
  const endMs = endedAt?.atMs ?? endedAt?.notBeforeMs ?? null;
  if (!wasOver && endMs !== null) metrics.timeToTruth.observe({ account, outcome }, secondsSince(endMs, savedMs));
}

/** Other clocks may be ahead of ours. */
function secondsSince(thenMs: number, nowMs: number): number {
  return Math.max(nowMs - thenMs, 0) / 1000;
}
