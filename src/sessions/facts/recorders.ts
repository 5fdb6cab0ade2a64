import { earlier, later, unixMs, type UnixMs } from '../../evidence/instant.js';
import type { Notice } from '../../evidence/notice.js';
import { keepEnds, type Bounds } from './bounds.js';
import { NO_UPLOAD } from './facts.js';
import type { ClockFact, ExitFact, LeaveFact, RecorderFacts } from './facts.js';
import { addLateNumber, addSequence, NO_SEQUENCES } from './sequences.js';
import { signOfEvent, type SignOfLife } from './signs-of-life.js';
import { foldUpload } from './upload.js';

/** Uids compare as text everywhere, so that their order is the same in every run and database. */
function withRecorder(
  recorders: readonly RecorderFacts[],
  uid: string,
  atMs: UnixMs,
  { life, started }: Pick<SignOfLife, 'life' | 'started'>,
  change: (recorder: RecorderFacts) => RecorderFacts,
): readonly RecorderFacts[] {
  const known = recorders.find((recorder) => recorder.uid === uid);
  const recorder = known ?? newRecorder(uid, atMs);
  const changed = change({
    ...recorder,
    firstMs: earlier(recorder.firstMs, atMs) ?? atMs,
    firstLifeMs: life ? earlier(recorder.firstLifeMs, atMs) : recorder.firstLifeMs,
    lastLifeMs: life ? later(recorder.lastLifeMs, atMs) : recorder.lastLifeMs,
    startedMs: started ? earlier(recorder.startedMs, atMs) : recorder.startedMs,
  });
  const others = recorders.filter((other) => other.uid !== uid);
  return [...others, changed].sort((a, b) => (a.uid < b.uid ? -1 : 1));
}

export function newRecorder(uid: string, firstMs: UnixMs): RecorderFacts {
  return {
    uid,
    firstMs,
    firstLifeMs: null,
    lastLifeMs: null,
    startedMs: null,
    replacedMs: null,
    replacedBy: null,
    exits: [],
    left: null,
    upload: NO_UPLOAD,
    clock: [],
    sequences: NO_SEQUENCES,
    lateNumbers: [],
  };
}

/** Folds what a notice says about its recorder, and about the one that takes over. */
export function foldRecorders(
  recorders: readonly RecorderFacts[],
  notice: Notice,
  atMs: UnixMs,
  bounds: Bounds,
): readonly RecorderFacts[] {
  const { event } = notice;
  const sender = notice.uid ?? '';
  const told = withRecorder(recorders, sender, atMs, signOfEvent(event), (recorder) => ({
    ...tell(countNumber(recorder, notice, bounds), notice, atMs, bounds),
    upload: foldUpload(recorder.upload, notice, atMs),
    clock: readClock(recorder.clock, notice),
  }));
  if (event.type !== 'failover' || event.newUid === null || event.newUid === sender) return told;
  const announced = { life: true, started: false };
  return withRecorder(told, event.newUid, atMs, announced, (recorder) => recorder);
}

const CLOCKS_KEPT = 3;

/** A resend has a later `notifyMs` but the same `sendts`, so the smallest difference of all notices counts. */
function readClock(clock: readonly ClockFact[], notice: Notice): readonly ClockFact[] {
  const told = { atMs: notice.receivedMs, behindMs: knownMs(notice) - notice.occurredMs };
  if (clock.some(({ atMs, behindMs }) => atMs === told.atMs && behindMs === told.behindMs)) return clock;
  return [...clock, told].sort((a, b) => a.behindMs - b.behindMs || a.atMs - b.atMs).slice(0, CLOCKS_KEPT);
}

/** By when a notice's event had certainly happened, whatever its sender's clock says. */
function knownMs({ notifiedMs, receivedMs }: Notice): UnixMs {
  return unixMs(Math.min(notifiedMs ?? receivedMs, receivedMs));
}

function tell(recorder: RecorderFacts, notice: Notice, atMs: UnixMs, bounds: Bounds): RecorderFacts {
  const { event } = notice;
  switch (event.type) {
    case 'sessionExit':
      return { ...recorder, exits: addExit(recorder.exits, exitOf(notice, atMs), bounds) };
    case 'recorderLeft':
    case 'webRecorderStopped':
      return { ...recorder, left: laterLeave(recorder.left, leaveOf(notice, atMs)) };
    case 'failover':
      return event.newUid === recorder.uid ? recorder : replaced(recorder, event.newUid, atMs);
    default:
      return recorder;
  }
}

/** Decided by the first failover that was reported of it; of two at one moment, by the higher uid. */
function replaced(recorder: RecorderFacts, newUid: string | null, atMs: UnixMs): RecorderFacts {
  const { replacedMs, replacedBy } = recorder;
  const isFirst = replacedMs === null || atMs < replacedMs;
  const isSame = atMs === replacedMs && (newUid ?? '') > (replacedBy ?? '');
  return isFirst || isSame ? { ...recorder, replacedMs: atMs, replacedBy: newUid } : recorder;
}

function exitOf(notice: Notice, atMs: UnixMs): ExitFact {
  const exitStatus = notice.event.type === 'sessionExit' ? notice.event.exitStatus : null;
  const known = knownMs(notice);
  return { atMs, knownMs: known < atMs ? atMs : known, exitStatus };
}

/** Of two exits at one moment the abnormal one is kept, with the earlier `knownMs`. */
function addExit(exits: readonly ExitFact[], exit: ExitFact, bounds: Bounds): readonly ExitFact[] {
  const same = exits.find(({ atMs }) => atMs === exit.atMs);
  const kept = same !== undefined && gravity(same) >= gravity(exit) ? same : exit;
  const knownMs = same === undefined || exit.knownMs < same.knownMs ? exit.knownMs : same.knownMs;
  const others = exits.filter((other) => other !== same);
  return keepEnds(
    [...others, { ...kept, knownMs }].sort((a, b) => a.atMs - b.atMs),
    bounds,
  );
}

function gravity(exit: ExitFact): number {
  return exit.exitStatus ?? -1;
}

function leaveOf({ event }: Notice, atMs: UnixMs): LeaveFact {
  const isWeb = event.type === 'webRecorderStopped';
  return {
    event: isWeb ? 'web_recorder_stopped' : 'recorder_leave',
    atMs,
    leaveCode: event.type === 'recorderLeft' ? event.leaveCode : null,
    stopCode: isWeb ? event.code : null,
    reason: isWeb ? event.reason : null,
  };
}

/** The last leave; of two at one moment the one with the higher code, so that order does not matter. */
function laterLeave(known: LeaveFact | null, left: LeaveFact): LeaveFact {
  if (known === null || left.atMs > known.atMs) return left;
  return left.atMs === known.atMs && leaveRank(left) > leaveRank(known) ? left : known;
}

function leaveRank({ event, leaveCode, stopCode, reason }: LeaveFact): string {
  const digits = (code: number | null): string => String(code ?? '').padStart(12, '0');
  return `${event} ${digits(stopCode)} ${digits(leaveCode)} ${reason ?? ''}`;
}

function countNumber(recorder: RecorderFacts, notice: Notice, bounds: Bounds): RecorderFacts {
  const { sequence, receivedMs } = notice;
  if (sequence === null || sequence < 0) return recorder;
  const counted = { n: sequence, serviceType: notice.serviceType ?? -1, receivedMs };
  const sequences = addSequence(recorder.sequences, counted, bounds);
  const late = addLateNumber(recorder, sequences, counted, bounds);
  return { ...recorder, sequences, lateNumbers: late };
}
