import type { UnixMs } from '../../evidence/instant.js';
import type { SessionFacts } from '../facts/facts.js';
import type { VerdictRules } from '../facts/rules.js';
import type { Ending } from '../verdict/ending.js';
import type { Session } from '../verdict/session.js';
import { storedState } from '../verdict/stored-files.js';
import { isUploadUnconfirmed } from '../verdict/upload-word.js';
import { recordedInWords } from './bucket.js';
import type { Explanation, Reference } from './explanation.js';

/** Why the upload is in its state: by the bucket, or by what was reported. */
export function explainUpload(
  facts: SessionFacts,
  session: Session,
  ending: Ending | null,
  rules: VerdictRules,
): Explanation {
  const { rule, because } = decided(facts, session, ending, rules);
  const measured = session.bucket === undefined ? null : recordedInWords(session.bucket);
  return {
    fact: 'upload',
    value: session.upload.state,
    rule,
    because: measured === null ? because : `${because} By its playlists: ${measured}.`,
    evidence: [...reportsOf(facts), ...looksAt(facts)],
  };
}

function decided(
  facts: SessionFacts,
  { upload }: Session,
  ending: Ending | null,
  rules: VerdictRules,
): Pick<Explanation, 'rule' | 'because'> {
  switch (storedState(facts, ending)) {
    case 'uploaded':
      return {
        rule: 'in_bucket',
        because: 'Everything that was told of, and that its playlists list, is in the bucket.',
      };
    case 'missing':
      return {
        rule: 'not_in_bucket',
        because: 'A day after its end nothing of it was in the bucket, nor ever before.',
      };
    case null:
  }
  if (isUploadUnconfirmed(facts, ending, rules)) {
    return {
      rule: 'unconfirmed',
      because:
        'The session is over, and by now a report that its upload is done or has failed should have come, but has not.',
    };
  }
  const because =
    upload.state === 'unknown'
      ? 'No source has reported an upload.'
      : 'The last state that each uploader reported, and of several recorders the worst; once all files of one are uploaded, nothing revokes that.';
  return { rule: upload.state, because };
}

function reportsOf({ recorders }: SessionFacts): Reference[] {
  const heard = recorders.flatMap(({ uid, upload }): [UnixMs | null, string][] => [
    [upload.startedMs, `the uploader of recorder ${uid} started`],
    [upload.progressMs, `the last progress of recorder ${uid} was reported`],
    [upload.failedMs, `an upload error of recorder ${uid} was reported`],
    [upload.backedUpMs, `files of recorder ${uid} went to the cloud backup`],
    [upload.strandedMs, `files of recorder ${uid} were stranded`],
    [upload.uploadedMs, `everything of recorder ${uid} was uploaded`],
  ]);
  return heard.flatMap(([atMs, what]) => (atMs === null ? [] : [{ source: 'notice', atMs, what }]));
}

function looksAt({ looks }: SessionFacts): Reference[] {
  return looks.flatMap(({ bucket, listed, refused }): Reference[] => [
    ...(listed === null
      ? []
      : [
          {
            source: 'bucket' as const,
            atMs: listed.askedMs,
            what: `bucket ${bucket} held ${String(listed.files)} files`,
          },
        ]),
    ...(refused === null
      ? []
      : [{ source: 'bucket' as const, atMs: refused.askedMs, what: `bucket ${bucket} refused` }]),
  ]);
}
