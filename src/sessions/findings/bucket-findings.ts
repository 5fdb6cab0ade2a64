import type { SessionFacts } from '../facts/facts.js';
import type { LookFact } from '../facts/looks.js';
import { uploadState } from '../facts/upload.js';
import {
  isComplete,
  isFound,
  lacksPlaylist,
  overMs,
  placeOf,
  storedState,
  type Place,
} from '../verdict/stored-files.js';
import type { FindingCase, FindingRule } from './finding.js';
import { quoted } from './finding.js';

/** What a look into the bucket shows to be wrong. Ours: docs/decisions/051-the-bucket-is-a-third-witness.md */
export const BUCKET_FINDINGS: readonly FindingRule[] = [
  {
    code: 'files_missing',
    means: 'Files that were told of are not in the bucket; or a day after the end nothing at all of the session is.',
    advice:
      'Look whether a rule of the bucket deletes or moves them, and whether `start` named another bucket or folder. Else ask Agora for its backup, and soon.',
    find: (session) => {
      const place = placeOf(session.facts);
      if (place === null) return [];
      const message = missingFiles(session, place);
      return message === null ? [] : [{ atMs: place.listed.askedMs, message }];
    },
  },
  {
    code: 'segments_missing',
    means: 'Playlists in the bucket list segments that are not there: playing stops or skips at that place.',
    advice: 'They may still be uploaded; the ledger looks again. What is missing after a day will not come.',
    find: ({ facts }) =>
      ofPlace(facts, ({ listed }) => listed.incomplete > 0).map(({ bucket, listed }) => ({
        atMs: listed.askedMs,
        message: `${String(listed.missing)} of ${String(listed.segments)} segments that playlists list are not in bucket ${quoted(bucket)}.`,
      })),
  },
  {
    code: 'playlist_missing',
    means: 'Segments are in the bucket, and no playlist that lists them.',
    advice: 'The names of segments tell their order: a playlist can be written from them.',
    find: ({ facts }) =>
      ofPlace(facts, lacksPlaylist).map(({ bucket, listed }) => ({
        atMs: listed.askedMs,
        message: `${String(listed.stored)} segments are in bucket ${quoted(bucket)}, and no playlist.`,
      })),
  },
  {
    code: 'files_elsewhere',
    means: 'Agora has said that files are in its backup, or held up on its side, and they are not in the bucket.',
    advice: 'Agora moves them, at a time that is not documented. Ask for them if they are not there after a day.',
    find: ({ facts, ending }) => {
      const state = uploadState(facts);
      if (ending === null || (state !== 'backed_up' && state !== 'stranded')) return [];
      const missed = ofPlace(facts, (place) => place.listed.askedMs >= overMs(ending) && !isComplete(place));
      const where = state === 'backed_up' ? "in Agora's backup" : "on Agora's side";
      return missed.map(({ bucket, listed }) => ({
        atMs: listed.askedMs,
        message: `Files are ${where}, and not in bucket ${quoted(bucket)}.`,
      }));
    },
  },
  {
    code: 'bucket_refused',
    means: 'A bucket refused to be listed, or is not there. It says nothing about the files.',
    advice:
      'Check endpoint, region, name and keys in BUCKETS_FILE; the keys need to list and to read. `recording-ledger doctor` tries them.',
    find: ({ facts }) => facts.looks.flatMap(refusal),
  },
];

function ofPlace(facts: SessionFacts, isSo: (place: Place) => boolean): Place[] {
  const place = placeOf(facts);
  return place !== null && isSo(place) ? [place] : [];
}

function missingFiles({ facts, ending }: FindingCase, place: Place): string | null {
  const { bucket, listed } = place;
  if (storedState(facts, ending) === 'missing') return `Nothing of the session is in bucket ${quoted(bucket)}.`;
  if (listed.absent === 0) return null;
  const named = listed.absentNames.slice(0, 3).map(quoted).join(', ');
  const more = listed.absent > 3 ? ` and ${String(listed.absent - 3)} more` : '';
  return `${isFound(place) ? 'Not' : 'Nothing of the session, and not'} in bucket ${quoted(bucket)}: ${named}${more}.`;
}

function refusal({
  bucket,
  listed,
  refused,
}: LookFact): { atMs: NonNullable<LookFact['refused']>['askedMs']; message: string }[] {
  if (refused === null || (listed !== null && listed.askedMs > refused.askedMs)) return [];
  const why = refused.code === null ? '' : ` (${refused.code})`;
  return [
    { atMs: refused.askedMs, message: `Bucket ${quoted(bucket)} refused with status ${String(refused.status)}${why}.` },
  ];
}
