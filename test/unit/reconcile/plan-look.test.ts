import type { Evidence } from '../../../src/evidence/evidence.js';
import { fittingBuckets } from '../../../src/reconcile/fitting-buckets.js';
import { planLook, type PlannedLook } from '../../../src/reconcile/plan-look.js';
import { fold } from '../../../src/sessions/facts/fold.js';
import { noFacts } from '../../../src/sessions/facts/facts.js';
import { conclude } from '../../../src/sessions/views/conclude.js';
import { aLook, aNotice, aPlaylist, aRegistration, at, listed, RULES, SID } from '../../support/builders.js';

const DAY = 86_400;
const MAIN = { name: 'main', bucket: 'recordings', appIds: null, prefix: '' };
const WITH_BUCKET = { ...RULES, buckets: [MAIN] };
const NOTHING = listed();
const UNREACHABLE = { kind: 'unavailable', reason: 'network' } as const;

function planned(evidence: readonly Evidence[], rules = WITH_BUCKET): PlannedLook | null {
  const facts = fold(noFacts(SID), [
    aRegistration(),
    aNotice(0, { type: 'recorderStarted', status: 0 }),
    aNotice(300, { type: 'sessionExit', exitStatus: 0 }),
    ...evidence,
  ]);
  const { ending } = conclude(facts, rules);
  return planLook(facts, ending, { appId: 'app', endKnownMs: at(310) }, rules);
}

const uploaded = aNotice(299, { type: 'uploaded', status: 0, uploadingStatus: null, files: [] });
const backedUp = aNotice(299, { type: 'backedUp', status: 0, uploadingStatus: null, files: [] });

describe('a look into the bucket', () => {
  it('comes a minute after the end was learned', () => {
    expect(planned([])).toEqual({ dueMs: at(370), lookClass: 'unvouched' });
    expect(planned([backedUp])).toEqual({ dueMs: at(370), lookClass: 'held_elsewhere' });
  });

  it('is not needed where the upload was vouched for, or no bucket is known', () => {
    expect(planned([uploaded])).toBeNull();
    expect(planned([], RULES as typeof WITH_BUCKET)).toBeNull();
    expect(planned([], { ...WITH_BUCKET, buckets: [{ ...MAIN, appIds: ['other'] as never }] })).toBeNull();
  });

  it('comes again each time after five times as long, and for the last time a day after the end', () => {
    const dues: number[] = [];
    let evidence: Evidence[] = [];
    for (let look = planned(evidence); look !== null; look = planned(evidence)) {
      dues.push((look.dueMs - at(310)) / 60_000);
      evidence = [...evidence, aLook((look.dueMs - at(0)) / 1000, NOTHING)];
      if (dues.length > 20) break;
    }
    expect(dues.map((minutes) => Math.round(minutes))).toEqual([1, 5, 25, 125, 625, 1440]);
    expect(
      conclude(
        fold(noFacts(SID), [aRegistration(), aNotice(300, { type: 'sessionExit', exitStatus: 0 }), ...evidence]),
        RULES,
      ).session.upload.state,
    ).toBe('missing');
  });

  it('is the last once everything is there', () => {
    expect(planned([aLook(370, listed({ files: [aPlaylist(3)] }))])).toBeNull();
    expect(planned([aLook(370, listed({ files: [aPlaylist(3, 1)] }))])).not.toBeNull();
  });

  it('is repeated after a failure, less and less often, and given up after eight days', () => {
    expect(planned([aLook(370, UNREACHABLE)])?.dueMs).toBe(at(430));
    expect(planned([aLook(310 + DAY, UNREACHABLE)])?.dueMs).toBe(at(310 + DAY + 6 * 3600));
    expect(planned([aLook(310 + 9 * DAY, UNREACHABLE)])).toBeNull();
  });
});

describe('the buckets in which a session may lie', () => {
  const other = { ...MAIN, name: 'other', bucket: 'elsewhere' };
  const ofApp = { ...MAIN, name: 'of app', appIds: ['app'] };
  const all = [MAIN, other, ofApp];

  it('are those of its app', () => {
    expect(fittingBuckets(all, 'app', null)).toEqual(all);
    expect(fittingBuckets(all, 'another', null)).toEqual([MAIN, other]);
    expect(fittingBuckets(all, null, null)).toEqual([MAIN, other]);
  });

  it('are those that start named, where it was heard', () => {
    const storage = { vendor: 1, region: 0, bucket: 'elsewhere', prefix: [] };
    expect(fittingBuckets(all, 'app', storage)).toEqual([other]);
    expect(fittingBuckets(all, 'app', { ...storage, bucket: 'unknown' })).toEqual([]);
  });
});
