import type { Evidence } from '../../../src/evidence/evidence.js';
import { noFacts } from '../../../src/sessions/facts/facts.js';
import { fold } from '../../../src/sessions/facts/fold.js';
import { conclude } from '../../../src/sessions/views/conclude.js';
import { explain } from '../../../src/sessions/views/explain.js';
import { aNotice, aRegistration, aStopAnswer, at, notFoundAt, RULES, SID } from '../../support/builders.js';

const started = aNotice(1, { type: 'uploaderStarted', status: 0 });
const progress = (seconds: number, share: number) => aNotice(seconds, { type: 'uploadProgress', progress: share });
const exited = aNotice(100, { type: 'sessionExit', exitStatus: 0 });
const uploaded = aNotice(101, { type: 'uploaded', status: 0, uploadingStatus: null, files: [] });
const backedUp = aNotice(101, { type: 'backedUp', status: 0, uploadingStatus: null, files: [] });
const waited = (seconds: number): Evidence => ({ kind: 'time_passed', sid: SID, untilMs: at(seconds) });

const told = (evidence: readonly Evidence[], rules = RULES) => {
  const facts = fold(noFacts(SID), evidence);
  const { session, alarmMs } = conclude(facts, rules);
  const finding = session.findings.find(({ code }) => code === 'upload_unconfirmed') ?? null;
  return { upload: session.upload, finding, alarmMs, why: explain(facts, rules).find(({ fact }) => fact === 'upload') };
};

describe('an upload', () => {
  it('is not overdue while its session lives, however long nothing is heard of it', () => {
    expect(told([started, progress(60, 0.3), waited(90_000)])).toMatchObject({
      upload: { state: 'uploading', progress: 0.3 },
      finding: null,
    });
  });

  it('is overdue ten minutes after the end, and not before; an alarm tells when', () => {
    const evidence = [started, progress(60, 0.7), exited];
    expect(told(evidence)).toMatchObject({ upload: { state: 'uploading' }, finding: null, alarmMs: at(700.2) });
    expect(told([...evidence, waited(700.1)]).finding).toBeNull();
    const after = told([...evidence, waited(700.2)]);
    expect(after).toMatchObject({ upload: { state: 'unknown', progress: 0.7 }, alarmMs: null });
    expect(after.finding).toEqual({
      code: 'upload_unconfirmed',
      atMs: at(700.2),
      message: expect.stringContaining('70 % is uploaded (33); within 600 s neither 31 nor 32'),
    });
    expect(after.why).toMatchObject({ value: 'unknown', rule: 'unconfirmed' });
  });

  it('says so where all was uploaded by its last progress, and nothing confirmed it', () => {
    const { finding, upload } = told([started, progress(99, 1), exited, waited(900)]);
    expect(finding?.message).toContain('all files so far are uploaded (33, progress 1)');
    expect(upload).toEqual({ state: 'unknown', progress: 1 });
  });

  it('is waited for from the last that its uploader said, where that is after the end', () => {
    expect(told([exited, progress(400, 0.9), waited(999)]).finding).toBeNull();
    expect(told([exited, progress(400, 0.9), waited(1_000)]).finding).not.toBeNull();
  });

  it('of which nothing was ever heard is unconfirmed, too', () => {
    const gone = notFoundAt(130, 160, 190, 230);
    const { finding } = told([aRegistration(), started, ...gone, waited(2_000)]);
    expect(finding?.message).toContain('that it is at work (30 or 33)');
    expect(
      told([aNotice(2, { type: 'recorderStarted', status: 0 }), exited, waited(2_000)]).finding?.message,
    ).toContain('No source has reported an upload');
  });

  it.each([
    ['event 31', [uploaded]],
    ['event 32', [backedUp]],
    [
      'an error that loses files',
      [aNotice(99, { type: 'error', module: 1, level: 4, code: 47, stat: 1, message: null })],
    ],
    ['what stop answered', [aStopAnswer(99, { uploadingStatus: 'uploaded' })]],
  ])('is told of by %s', (_what, word) => {
    expect(told([started, progress(60, 0.7), exited, ...word, waited(90_000)])).toMatchObject({
      finding: null,
      alarmMs: null,
    });
  });

  it('that is done is done in full, and one in the backup as far as it was told', () => {
    expect(told([progress(60, 0.7), uploaded]).upload).toEqual({ state: 'uploaded', progress: 1 });
    expect(told([progress(60, 0.7), backedUp]).upload).toEqual({ state: 'backed_up', progress: 0.7 });
  });

  it('is none of a session that never started', () => {
    expect(told([aRegistration(), ...notFoundAt(5, 30, 60, 95, 120), waited(90_000)]).finding).toBeNull();
  });

  it('is not missed where the console subscribes to no word of it, and is not under way for ever either', () => {
    const { finding, upload } = told([started, exited, waited(900)], { ...RULES, subscribedEvents: [11, 30, 40] });
    expect(finding).toBeNull();
    expect(upload.state).toBe('unknown');
  });
});
