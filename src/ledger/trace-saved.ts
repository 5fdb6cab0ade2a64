import type { Traces } from '../observability/traces.js';
import type { FoldContext } from './fold-context.js';

/** Tells the traces of notifications that they are folded and, where a new version says so, published. */
export function traceSaved(traces: Traces, now: FoldContext['now']): FoldContext['onSaved'] {
  return (saved) => {
    const committedMs = now();
    for (const { notices, isNew, foldedMs } of saved) {
      for (const notice of notices) {
        traces.stage(notice, 'folded', foldedMs.from, foldedMs.to);
        if (isNew) traces.stage(notice, 'published', foldedMs.to, committedMs);
        traces.way(notice, notice.receivedMs, committedMs);
      }
    }
  };
}
