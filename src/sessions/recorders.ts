import { earlier, type UnixMs } from '../evidence/instant.js';
import type { Notice } from '../evidence/notice.js';
import type { ExitFact, LeaveFact, RecorderFacts, SessionFacts } from './facts.js';
import { addLateNumber, addSequence } from './sequences.js';
import { signOfEvent } from './signs.js';

/** Uids compare as text everywhere, so that their order is the same in every run and database. */
function withRecorder(
  recorders: readonly RecorderFacts[],
  uid: string,
  atMs: UnixMs,
  isAlive: boolean,
  change: (recorder: RecorderFacts) => RecorderFacts,
): readonly RecorderFacts[] {
  const known = recorders.find((recorder) => recorder.uid === uid);
  const recorder = known ?? {
    uid,
    firstMs: atMs,
    firstLifeMs: null,
    replacedMs: null,
    exits: [],
    left: null,
    sequences: [],
    lateNumbers: [],
  };
  const changed = change({
    ...recorder,
    firstMs: earlier(recorder.firstMs, atMs) ?? atMs,
    firstLifeMs: isAlive ? earlier(recorder.firstLifeMs, atMs) : recorder.firstLifeMs,
  });
  const others = recorders.filter((other) => other.uid !== uid);
  return [...others, changed].sort((a, b) => (a.uid < b.uid ? -1 : 1));
}

/** What a notice tells about the recorder that sent it, and about the one that takes over. */
export function foldRecorders(
  recorders: readonly RecorderFacts[],
  notice: Notice,
  atMs: UnixMs,
): readonly RecorderFacts[] {
  const { event } = notice;
  const sender = notice.uid ?? '';
  const told = withRecorder(recorders, sender, atMs, signOfEvent(event).life, (recorder) =>
    tell(countNumber(recorder, notice), notice, atMs),
  );
  if (event.type !== 'failover' || event.newUid === null || event.newUid === sender) return told;
  return withRecorder(told, event.newUid, atMs, true, (recorder) => recorder);
}

function tell(recorder: RecorderFacts, { event }: Notice, atMs: UnixMs): RecorderFacts {
  switch (event.type) {
    case 'sessionExit':
      return {
        ...recorder,
        exits: addExit(recorder.exits, { atMs, exitStatus: event.exitStatus }),
      };
    case 'recorderLeft':
      return withLeave(recorder, { ...NO_REASON, atMs, leaveCode: event.leaveCode });
    case 'webRecorderStopped':
      return withLeave(recorder, {
        ...NO_REASON,
        atMs,
        stopCode: event.code,
        reason: event.reason,
      });
    case 'failover':
      return event.newUid === recorder.uid
        ? recorder
        : { ...recorder, replacedMs: earlier(recorder.replacedMs, atMs) };
    default:
      return recorder;
  }
}

/** Two exits of one moment: the abnormal one is kept. */
function addExit(exits: readonly ExitFact[], exit: ExitFact): readonly ExitFact[] {
  const same = exits.find((other) => other.atMs === exit.atMs);
  const kept = same !== undefined && gravity(same) >= gravity(exit) ? same : exit;
  const others = exits.filter((other) => other.atMs !== exit.atMs);
  return [...others, kept].sort((a, b) => a.atMs - b.atMs);
}

function gravity(exit: ExitFact): number {
  return exit.exitStatus ?? -1;
}

const NO_REASON = { leaveCode: null, stopCode: null, reason: null };

/** The last leave; of two at one moment the one with the higher code, so that order does not matter. */
function withLeave(recorder: RecorderFacts, left: LeaveFact): RecorderFacts {
  const known = recorder.left;
  const isNews =
    known === null ||
    left.atMs > known.atMs ||
    (left.atMs === known.atMs && leaveRank(left) > leaveRank(known));
  return isNews ? { ...recorder, left } : recorder;
}

function leaveRank({ leaveCode, stopCode, reason }: LeaveFact): string {
  const digits = (code: number | null): string => String(code ?? '').padStart(12, '0');
  return `${digits(stopCode)} ${digits(leaveCode)} ${reason ?? ''}`;
}

function countNumber(recorder: RecorderFacts, notice: Notice): RecorderFacts {
  const { sequence, receivedMs } = notice;
  if (sequence === null || sequence < 0) return recorder;
  const counted = { n: sequence, serviceType: notice.serviceType ?? -1, receivedMs };
  const sequences = addSequence(recorder.sequences, counted);
  const late = addLateNumber(recorder, sequences, counted);
  return { ...recorder, sequences, lateNumbers: late };
}

/**
 * A recorder that another has taken over from: event 12 said so, or, where event 12 was lost, a
 * recorder with another uid showed life after it. Its exit is not the session's.
 * @see docs/agora.md#failover
 */
export function isReplaced(recorder: RecorderFacts, facts: SessionFacts): boolean {
  if (recorder.replacedMs !== null) return true;
  if (recorder.uid === '') return false;
  const isOriginal = recorder.uid === facts.registration?.uid;
  return facts.recorders.some(
    (other) =>
      other.uid !== recorder.uid &&
      other.uid !== '' &&
      other.firstLifeMs !== null &&
      other.uid !== facts.registration?.uid &&
      (isOriginal || other.firstMs > recorder.firstMs),
  );
}

export function currentRecorders(facts: SessionFacts): readonly RecorderFacts[] {
  return facts.recorders.filter((recorder) => !isReplaced(recorder, facts));
}
