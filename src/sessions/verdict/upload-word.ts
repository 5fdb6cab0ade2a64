import { later, plusMs, type UnixMs } from '../../evidence/instant.js';
import type { SessionFacts } from '../facts/facts.js';
import { lastLookAfterMs, type VerdictRules } from '../facts/rules.js';
import { uploadState, type UploadState } from '../facts/upload.js';
import type { Ending } from './ending.js';
import { storedState } from './stored-files.js';

/**
 * As many times as long as until the last look at an end: ten minutes by default. An uploader's last word comes
 * with the end or seconds after it; Agora sends what was not delivered three times more, with growing gaps. Half as
 * much would call uploads unconfirmed whose word is on its way; twice as much would tell nobody anything new.
 * Ours: docs/agora.md#events
 */
const LAST_LOOKS = 5;

/** How long after an end, or after the last that its uploader said, nothing more of an upload is expected. */
export function uploadSilenceMs(rules: VerdictRules): number {
  return LAST_LOOKS * lastLookAfterMs(rules);
}

/**
 * By when the last word on the upload of a session that is over should have come. Null where it has come, where
 * the session lives, and where there was nothing to upload.
 */
export function uploadDueMs(facts: SessionFacts, ending: Ending | null, rules: VerdictRules): UnixMs | null {
  if (ending === null || ending.outcome === 'never_started') return null;
  const state = uploadState(facts);
  if ((state !== 'uploading' && state !== 'unknown') || storedState(facts, ending) !== null) return null;
  const overMs = later(ending.sinceMs, ending.endedAt.notAfterMs) ?? ending.sinceMs;
  return plusMs(later(overMs, lastUploaderWord(facts)) ?? overMs, uploadSilenceMs(rules));
}

/** When an uploader last said that it is at work; null where none ever did. */
export function lastUploaderWord({ recorders }: SessionFacts): UnixMs | null {
  return recorders.reduce<UnixMs | null>(
    (last, { upload }) => later(last, later(upload.startedMs, upload.progressMs)),
    null,
  );
}

/** The last word is overdue, by all that was learned and waited for since. */
export function isUploadUnconfirmed(facts: SessionFacts, ending: Ending | null, rules: VerdictRules): boolean {
  const dueMs = uploadDueMs(facts, ending, rules);
  return dueMs !== null && facts.knownUntilMs >= dueMs;
}

/**
 * How the upload stands. One that nobody has heard of for so long is not called under way any more; of one that is
 * done all is uploaded, whatever was reported on the way. What a bucket shows for itself counts before all reports.
 */
export function uploadOf(
  facts: SessionFacts,
  ending: Ending | null,
  rules: VerdictRules,
): { state: UploadState; progress: number | null } {
  const told = isUploadUnconfirmed(facts, ending, rules) ? 'unknown' : uploadState(facts);
  const state = storedState(facts, ending) ?? told;
  return { state, progress: state === 'uploaded' ? 1 : (facts.progress?.progress ?? null) };
}
