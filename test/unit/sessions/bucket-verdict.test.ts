import type { Evidence } from '../../../src/evidence/evidence.js';
import { fold } from '../../../src/sessions/facts/fold.js';
import { noFacts } from '../../../src/sessions/facts/facts.js';
import { filesNamedBy } from '../../../src/sessions/facts/files.js';
import { upgradeFacts } from '../../../src/sessions/facts/upgrade-facts.js';
import { changedPaths } from '../../../src/sessions/views/changed-paths.js';
import { conclude } from '../../../src/sessions/views/conclude.js';
import { explain } from '../../../src/sessions/views/explain.js';
import { buildTimeline } from '../../../src/sessions/views/timeline.js';
import { aLook, aNotice, aPlaylist, aRegistration, at, listed, RULES, SID } from '../../support/builders.js';

const DAY = 86_400;
const ENDED = [
  aRegistration(),
  aNotice(0, { type: 'recorderStarted', status: 0 }),
  aNotice(300, { type: 'sessionExit', exitStatus: 0 }),
];
const REFUSED = { kind: 'refused', status: 403, code: 'AccessDenied' } as const;

function sessionOf(...evidence: Evidence[]) {
  return conclude(fold(noFacts(SID), [...ENDED, ...evidence]), RULES).session;
}

function codesOf(...evidence: Evidence[]): string[] {
  return sessionOf(...evidence).findings.map(({ code }) => code);
}

describe('an upload that nobody vouched for', () => {
  it('is uploaded once a look after the end found everything', () => {
    expect(sessionOf().upload.state).toBe('unknown');
    expect(sessionOf(aLook(400, listed({ files: [aPlaylist(3)] }))).upload).toEqual({ state: 'uploaded', progress: 1 });
  });

  it('is not uploaded by what a look found while the session still recorded', () => {
    expect(sessionOf(aLook(200, listed({ files: [aPlaylist(3)] }))).upload.state).toBe('unknown');
  });

  it('stays as it was while segments of a playlist are missing', () => {
    const session = sessionOf(aLook(400, listed({ files: [aPlaylist(5, 2)] })));
    expect(session.upload.state).toBe('unknown');
    expect(session.findings).toMatchObject([
      { code: 'segments_missing', message: '2 of 5 segments that playlists list are not in bucket "main".' },
    ]);
  });

  it('stays as it was while files that were told of are missing', () => {
    const look = aLook(400, listed({ files: [aPlaylist(3)], absent: ['a_0.mp4'] }));
    expect(sessionOf(look).upload.state).toBe('unknown');
    expect(sessionOf(look).findings).toMatchObject([
      { code: 'files_missing', message: 'Not in bucket "main": "a_0.mp4".' },
    ]);
  });

  it('is missing once a look a day after the end found nothing, and not before', () => {
    expect(sessionOf(aLook(400, listed())).upload.state).toBe('unknown');
    const late = aLook(300 + DAY, listed());
    expect(sessionOf(late).upload.state).toBe('missing');
    expect(codesOf(late)).toEqual(['files_missing']);
  });

  it('is not missing if it ever was there, or if a bucket where it may lie refuses', () => {
    const late = aLook(300 + DAY, listed());
    expect(sessionOf(aLook(400, listed({ files: [aPlaylist(3, 1)] })), late).upload.state).toBe('unknown');
    expect(sessionOf(late, aLook(300 + DAY, REFUSED, { bucket: 'other' })).upload.state).toBe('unknown');
  });

  it('is uploaded after all where it comes after a day', () => {
    const looks = [aLook(300 + DAY, listed()), aLook(300 + 2 * DAY, listed({ files: [aPlaylist(3)] }))];
    expect(sessionOf(...looks).upload.state).toBe('uploaded');
    expect(codesOf(...looks)).toEqual([]);
  });
});

describe('a look into a bucket', () => {
  it('that is refused is a finding, and ends and changes nothing else', () => {
    const session = sessionOf(aLook(400, REFUSED));
    expect(session).toMatchObject({ state: 'ended', upload: { state: 'unknown' }, bucket: { outcome: 'refused' } });
    expect(session.findings).toMatchObject([
      { code: 'bucket_refused', message: 'Bucket "main" refused with status 403 (AccessDenied).' },
    ]);
    expect(codesOf(aLook(400, REFUSED), aLook(500, listed()))).toEqual([]);
  });

  it('that gets no answer says nothing', () => {
    const before = sessionOf(aLook(400, listed({ files: [aPlaylist(3)] })));
    const after = sessionOf(
      aLook(400, listed({ files: [aPlaylist(3)] })),
      aLook(500, { kind: 'unavailable', reason: 'timeout' }),
    );
    expect(changedPaths({ ...before }, { ...after })).toEqual([]);
  });

  it('that finds segments without a playlist says so', () => {
    expect(codesOf(aLook(400, listed({ segments: { count: 4, bytes: 400 } })))).toEqual(['playlist_missing']);
  });

  it('tells what is in the backup and not in the bucket', () => {
    const backedUp = aNotice(301, { type: 'backedUp', status: 0, uploadingStatus: null, files: [] });
    expect(codesOf(backedUp, aLook(400, listed()))).toEqual(['upload_only_in_backup', 'files_elsewhere']);
    const there = aLook(500, listed({ files: [aPlaylist(3)] }));
    expect(sessionOf(backedUp, there).upload.state).toBe('uploaded');
  });

  it('measures what is there beside the length of the session', () => {
    const { bucket } = sessionOf(aLook(400, listed({ files: [aPlaylist(30, 2)] })));
    expect(bucket).toMatchObject({
      name: 'main',
      complete: false,
      segments: 30,
      missingSegments: 2,
      recordedMs: 280_000,
      lengthMs: 300_000,
      holes: [{ fromMs: at(0), toMs: at(20), lengthMs: 20_000 }],
    });
    const facts = fold(noFacts(SID), [...ENDED, aLook(400, listed({ files: [aPlaylist(30, 2)] }))]);
    const upload = explain(facts, RULES).find(({ fact }) => fact === 'upload');
    expect(upload?.because).toContain('4 min 40 s of 5 min recorded, one hole of 20 s at 10:00');
  });

  it('takes for a hole of several playlists only what none of them has', () => {
    const one = aPlaylist(6, 2);
    const other = { ...aPlaylist(6), name: `${SID}_other.m3u8` };
    const { bucket } = sessionOf(aLook(400, listed({ files: [one, other] })));
    expect(bucket).toMatchObject({ recordedMs: 60_000, holes: [], missingSegments: 2 });
  });

  it('is in the timeline, and among the reasons of the explanation', () => {
    const look = aLook(400, listed({ files: [aPlaylist(3)] }));
    const entries = buildTimeline([...ENDED, look]).filter(({ source }) => source === 'bucket');
    expect(entries).toMatchObject([{ kind: 'listed', atMs: at(400), receivedMs: at(400.5) }]);
    const upload = explain(fold(noFacts(SID), [...ENDED, look]), RULES).find(({ fact }) => fact === 'upload');
    expect(upload).toMatchObject({ rule: 'in_bucket', evidence: [{ source: 'bucket', atMs: at(400) }] });
  });

  it('teaches names that nobody told', () => {
    const [file] = filesNamedBy(aLook(400, listed({ files: [aPlaylist(3)] })));
    expect(file).toMatchObject({ kind: 'playlist', sources: ['bucket'], stored: { size: 400, bucket: 'main' } });
  });
});

test('facts that were saved before buckets were known read as of a session without a look', () => {
  const { looks: _looks, ...saved } = fold(noFacts(SID), ENDED);
  const facts = upgradeFacts(saved);
  expect(facts.looks).toEqual([]);
  expect(conclude(facts, RULES).session.bucket).toBeUndefined();
});
