import { earlier, later, type UnixMs } from '../../evidence/instant.js';
import type { Bounds } from './bounds.js';
import type { MissedQuery, SessionFacts, SignFacts } from './facts.js';
import type { SignOfLife } from './signs-of-life.js';

/**
 * Merges a sign of life, seen from `fromMs` to `toMs`, into the summary: a notice is one moment, a run of
 * equal answers an interval. `startedMs` is the start that it reports, which may be earlier.
 */
export function mergeSign(
  facts: SignFacts,
  sign: SignOfLife,
  fromMs: UnixMs,
  toMs: UnixMs,
  startedMs: UnixMs | null,
): SignFacts {
  const first = (had: UnixMs | null, is: boolean) => (is ? earlier(had, fromMs) : had);
  const last = (had: UnixMs | null, is: boolean) => (is ? later(had, toMs) : had);
  return {
    firstLifeMs: first(facts.firstLifeMs, sign.life),
    lastLifeMs: last(facts.lastLifeMs, sign.life),
    firstRecordingMs: first(facts.firstRecordingMs, sign.recording),
    lastRecordingMs: last(facts.lastRecordingMs, sign.recording),
    lastStoppingMs: last(facts.lastStoppingMs, sign.stopping),
    startedMs: earlier(facts.startedMs, startedMs),
    lastLiveMs: last(facts.lastLiveMs, sign.live),
  };
}

/** The last moment at which anything showed the session alive. */
export function lastLife(facts: { noticeSigns: SignFacts; answerSigns: SignFacts }): UnixMs | null {
  return later(facts.noticeSigns.lastLifeMs, facts.answerSigns.lastLifeMs);
}

/** The 404s that were asked after the last sign of life; if there are very many, the latest of them. */
export function after(
  aliveMs: UnixMs | null,
  { notFound }: { notFound: readonly MissedQuery[] },
  bounds: Bounds,
): Pick<SessionFacts, 'notFound' | 'notFoundIsCut'> {
  const since = notFound.filter(({ askedMs }) => aliveMs === null || askedMs > aliveMs);
  const kept = since.slice(-bounds.notFound);
  return { notFound: kept, notFoundIsCut: kept.length === bounds.notFound };
}
