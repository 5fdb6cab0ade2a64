import { STORAGE_ERRORS, uploadState } from '../facts/upload.js';
import { iso, later, type UnixMs } from '../../evidence/instant.js';
import type { IncidentFact, SessionFacts } from '../facts/facts.js';
import { voidBefore } from '../facts/query-window.js';
import { isSubscribed } from '../facts/rules.js';
import { isUploadUnconfirmed, lastUploaderWord, uploadDueMs, uploadSilenceMs } from '../verdict/upload-word.js';
import { quoted, type FindingRule } from './finding.js';

/** @see https://docs.agora.io/en/cloud-recording/develop/receive-notifications (read 2026-07); docs/agora.md#events */
export const UPLOAD_FINDINGS: readonly FindingRule[] = [
  {
    code: 'storage_error',
    means: 'Agora could not upload to the storage that `start` named.',
    advice: 'Check bucket, region and keys of storageConfig, and that they outlive the upload.',
    find: ({ facts }) =>
      facts.errors
        .filter(({ module, code }) => STORAGE_ERRORS.some((error) => error.module === module && error.code === code))
        .map(({ atMs, code, message }) => ({
          atMs,
          message: `Uploading failed with error ${String(code)}${message === null ? '' : `: ${message}`}.`,
        })),
  },
  {
    code: 'upload_only_in_backup',
    means: "Files are in Agora's cloud backup, and nothing has said that they were moved since.",
    advice: 'They are moved by Agora, at a time that is not documented. Look for event 31.',
    find: ({ facts }) => {
      const atMs = lastBackup(facts) ?? facts.stop?.receivedMs ?? null;
      if (uploadState(facts) !== 'backed_up' || atMs === null) return [];
      return [{ atMs, message: "Files are in Agora's backup only; no upload has followed." }];
    },
  },
  {
    code: 'upload_unconfirmed',
    means:
      'The session is over, and no source has reported how its upload ended (31, 32, an upload error or the answer to `stop`) within five times `GONE_CONFIRM_MS` + `GONE_MARGIN_MS`.',
    advice: 'Look into the bucket. Usually the files are there, and the notification was lost.',
    find: ({ facts, ending, rules }) => {
      const atMs = uploadDueMs(facts, ending, rules);
      const expected = UPLOAD_ENDS.some((event) => isSubscribed(rules, event));
      if (atMs === null || !expected || !isUploadUnconfirmed(facts, ending, rules)) return [];
      const waited = `within ${String(uploadSilenceMs(rules) / 1000)} s`;
      return [{ atMs, message: `${lastHeard(facts)}; ${waited} neither 31 nor 32 has reported how the upload ended.` }];
    },
  },
  incident(
    'storage_token_expired',
    'The temporary storage token expired before everything was uploaded.',
    'Give tokens a life that is longer than the upload.',
    () => 'The storage token expired (event 34).',
  ),
  incident(
    'download_failed',
    'Agora could not fetch recorded files for post-processing.',
    'Check that the storage credentials allow reading.',
    (bucket) => `Recorded files could not be fetched from bucket ${quoted(bucket)} (event 90).`,
  ),
  incident(
    'transcode_failed',
    'Post-processing failed, in whole or in part.',
    'The files that were recorded are not affected.',
    (result) => `Transcoding ended with ${quoted(result)}.`,
  ),
  incident(
    'capability_limit',
    'A web page recording hit a limit of its machine, which stops it.',
    'Lower the resolution or simplify the page.',
    (limit) => `The web recorder hit a limit: ${limit} (event 72).`,
  ),
  incident(
    'cdn_disconnected',
    'Pushing to a CDN address failed; the recording itself goes on.',
    'Agora advises to push to another CDN address.',
    (url) => `The CDN push to ${url === '' ? 'an address that was not told' : url} was disconnected.`,
  ),
];

const UPLOAD_ENDS = [31, 32];

/** The last report of an upload whose end nobody reported. */
function lastHeard(facts: SessionFacts): string {
  const { progress } = facts;
  const atMs = lastUploaderWord(facts);
  if (atMs === null) return 'No source has reported an upload';
  if (progress === null) return `The uploader last reported at ${iso(atMs)} that it is at work (30 or 33)`;
  if (progress.progress === 1)
    return `The uploader last reported at ${iso(progress.atMs)} that all files so far are uploaded (33, progress 1)`;
  return `The uploader last reported at ${iso(progress.atMs)} that ${inPercent(progress.progress)} is uploaded (33)`;
}

function inPercent(share: number): string {
  return `${String(Math.round(share * 1000) / 10)} %`;
}

function lastBackup({ recorders }: SessionFacts): UnixMs | null {
  return recorders.reduce<UnixMs | null>((last, { upload }) => later(last, upload.backedUpMs), null);
}

const REFUSALS: readonly IncidentFact['kind'][] = ['bad_request', 'no_route', 'unauthorized'];

/** A refusal under a registration that has been corrected since is left out. */
function fromMs(kind: IncidentFact['kind'], facts: SessionFacts): number {
  return REFUSALS.includes(kind) ? (voidBefore(facts) ?? 0) : 0;
}

/** The rule that makes a finding of each incident of one kind. */
export function incident(
  code: IncidentFact['kind'],
  means: string,
  advice: string,
  message: (subject: string) => string,
): FindingRule {
  return {
    code,
    means,
    advice,
    find: ({ facts }) =>
      facts.incidents
        .filter(({ kind, lastMs }) => kind === code && lastMs > fromMs(code, facts))
        .map(({ atMs, lastMs, subject }) => ({
          atMs: atMs > fromMs(code, facts) ? atMs : lastMs,
          message: message(subject),
        })),
  };
}
