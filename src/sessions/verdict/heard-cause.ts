import { later, plusMs, unixMs, type UnixMs } from '../../evidence/instant.js';
import { currentRecorders } from '../facts/current-recorders.js';
import type { LeaveFact, RecorderFacts, SessionFacts } from '../facts/facts.js';
import type { VerdictRules } from '../facts/rules.js';

/** Why a session left, where a notification gave the reason although the exit was never reported. */
export type HeardCause = { atMs: UnixMs; eventType: 31 | 32 | 41 | 71; what: string };

/**
 * Bits of `leaveCode` that say it was meant to leave.
 * @see https://docs.agora.io/en/cloud-recording/develop/receive-notifications (read 2026-07); docs/agora.md#leave-code
 */
const IDLE = 4;
const TOLD_TO = 16;

/**
 * The last cause from a recorder that was not replaced: a leave because it was told to or the channel was
 * empty, a web recorder's stop, or a finished upload. If the recorder was seen at work later than that by
 * more than the time of a failover, the cause does not count, as far as its clock can be believed.
 * @see https://docs.agora.io/en/cloud-recording/develop/receive-notifications (read 2026-07); docs/agora.md#leave-code
 * Ours: docs/decisions/017-an-end-is-looked-at-again.md
 */
export function heardCause(facts: SessionFacts, rules: VerdictRules): HeardCause | null {
  const causes = currentRecorders(facts)
    .flatMap((recorder) =>
      causesOf(recorder).filter(({ atMs }) => holds(plusMs(atMs, behindMs(recorder)), facts, rules)),
    )
    .sort((a, b) => a.atMs - b.atMs || a.eventType - b.eventType);
  return causes.at(-1) ?? null;
}

function behindMs({ clock: [least] }: RecorderFacts): number {
  return Math.max(least?.behindMs ?? 0, 0);
}

/** A sender whose clock is ahead dates its work too late; the cause lies no later than its receipt. */
function holds(atMs: UnixMs, facts: SessionFacts, { goneConfirmMs }: VerdictRules): boolean {
  const { answerSigns, noticeSigns, skew } = facts;
  const told = noticeSigns.lastLiveMs;
  const toldMs = told === null ? null : unixMs(told - (skew?.aheadMs ?? 0));
  const workedMs = later(answerSigns.lastLiveMs, toldMs);
  return workedMs === null || workedMs <= plusMs(atMs, goneConfirmMs);
}

function causesOf({ left, upload }: RecorderFacts): HeardCause[] {
  return [
    ...(left === null ? [] : leaving(left)),
    ...upTo(upload.uploadedMs, 31, 'everything was uploaded (31)'),
    ...upTo(upload.backedUpMs, 32, 'its files went to the cloud backup (32)'),
  ];
}

function upTo(atMs: UnixMs | null, eventType: 31 | 32, what: string): HeardCause[] {
  return atMs === null ? [] : [{ atMs, eventType, what }];
}

function leaving({ atMs, leaveCode, event }: LeaveFact): HeardCause[] {
  if (event === 'web_recorder_stopped') return [{ atMs, eventType: 71, what: 'its web recorder stopped (71)' }];
  if (leaveCode === null || (leaveCode & (IDLE | TOLD_TO)) === 0) return [];
  const why = (leaveCode & TOLD_TO) !== 0 ? 'it was told to leave' : 'nobody was in the channel';
  return [{ atMs, eventType: 41, what: `${why} (41)` }];
}
