import { earlier, type UnixMs } from '../../evidence/instant.js';
import { maskStreamKeys } from '../../evidence/stream-keys.js';
import { noFacts, NO_UPLOAD, type ExitAnswerFact, type RecorderFacts, type SessionFacts } from './facts.js';
import { newRecorder } from './recorders.js';
import { registrationFactsOf } from './registrations.js';
import type { SeenRange } from './seen-numbers.js';
import type { SequenceCounts } from './sequences.js';

/** The fields that differ in facts without a shape number. Nothing else has changed its meaning. */
type FirstRecorder = Pick<RecorderFacts, 'uid' | 'firstMs' | 'firstLifeMs' | 'replacedMs' | 'lateNumbers'> & {
  exits: readonly { atMs: UnixMs; exitStatus: number | null }[];
  left: {
    atMs: UnixMs;
    leaveCode: number | null;
    stopCode: number | null;
    reason: string | null;
  } | null;
  sequences: readonly { serviceType: number; seen: readonly SeenRange[] }[];
};

type FirstUpload = Omit<RecorderFacts['upload'], 'progressMs'> & { progress: SessionFacts['progress'] };

/** Of a release that looked into no bucket. No look of it can be missing, so nothing has to be folded again. */
type FactsWithoutLooks = Omit<SessionFacts, 'looks'>;

/** Facts of the second shape knew nothing of services, and held what Agora said in full. */
type SecondFacts = Omit<FactsWithoutLooks, 'services'>;

type FirstFacts = Omit<SecondFacts, 'shape' | 'recorders' | 'progress' | 'exitAnswers'> & {
  exitAnswers: readonly Omit<ExitAnswerFact, 'lastAskedMs' | 'lastAnsweredMs'>[];
  recorders: readonly FirstRecorder[];
  upload: FirstUpload;
};

/**
 * Converts facts of an earlier release to today's shape. They serve until the session is folded from scratch,
 * which their shape number causes, and remain if retention has dropped the evidence.
 */
export function upgradeFacts(stored: SessionFacts | FactsWithoutLooks | SecondFacts | FirstFacts): SessionFacts {
  if ('services' in stored) return 'looks' in stored ? stored : { ...stored, looks: [] };
  return fromSecond('shape' in stored ? stored : fromFirst(stored));
}

function fromSecond(stored: SecondFacts): SessionFacts {
  const { errors, incidents } = stored;
  return {
    ...stored,
    services: [],
    looks: [],
    errors: errors.map((one) => ({ ...one, message: one.message === null ? null : maskStreamKeys(one.message) })),
    incidents: incidents.map((one) => ({ ...one, subject: maskStreamKeys(one.subject) })),
  };
}

function fromFirst(stored: FirstFacts): SecondFacts {
  const { upload, recorders, ...same } = stored;
  const last = recorders.toSorted((a, b) => a.firstMs - b.firstMs).at(-1)?.uid;
  const { progress, ...uploadFacts } = upload;
  return {
    ...noFacts(stored.sid),
    ...same,
    shape: 1,
    registrations: registrationFactsOf(stored.registration),
    windowFromMs: earlier(stored.noticeSigns.firstLifeMs, stored.answerSigns.firstLifeMs),
    exitAnswers: stored.exitAnswers.map((one) => ({
      ...one,
      lastAskedMs: one.askedMs,
      lastAnsweredMs: one.answeredMs,
    })),
    goneProofs: stored.goneProofs.map(({ sinceMs, atMs }) => ({ sinceMs, atMs, notAfterMs: atMs })),
    progress,
    incidents: stored.incidents.map((one) => ({ ...one, lastMs: one.atMs })),
    recorders: recorders.map((recorder) => ({
      ...upgradeRecorder(recorder, stored.noticeSigns.lastLifeMs),
      upload: recorder.uid === last ? { ...uploadFacts, progressMs: progress?.atMs ?? null } : NO_UPLOAD,
    })),
  };
}

function upgradeRecorder({ exits, left, sequences, ...same }: FirstRecorder, lastLifeMs: UnixMs | null): RecorderFacts {
  const event = left?.stopCode == null ? 'recorder_leave' : 'web_recorder_stopped';
  return {
    ...newRecorder(same.uid, same.firstMs),
    ...same,
    lastLifeMs: same.firstLifeMs === null ? null : lastLifeMs,
    exits: exits.map((exit) => ({ ...exit, knownMs: exit.atMs })),
    left: left === null ? null : { ...left, event },
    sequences: upgradeSequences(sequences),
  };
}

function upgradeSequences(modules: FirstRecorder['sequences']): SequenceCounts {
  const all = modules.flatMap(({ seen }) => seen).sort((a, b) => a.first - b.first);
  const apart = all.some(({ first }, index) => first <= (all[index - 1]?.last ?? -1));
  return {
    apart,
    together: { ranges: apart ? [] : all, merged: null },
    modules: modules.map(({ serviceType, seen }) => ({ serviceType, seen: { ranges: seen, merged: null } })),
  };
}
