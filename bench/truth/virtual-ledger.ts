import { eventName } from '../../src/agora/event-names.js';
import { fileNamed } from '../../src/agora/read-files.js';
import type { Evidence } from '../../src/evidence/evidence.js';
import { unixMs, type UnixMs } from '../../src/evidence/instant.js';
import type { Notice } from '../../src/evidence/notice.js';
import type { Observation, QueryOutcome } from '../../src/evidence/observation.js';
import type { RecordingEvent } from '../../src/evidence/recording-event.js';
import { beatDueMs } from '../../src/reconcile/suspicion.js';
import type { PlanRules } from '../../src/reconcile/planned-query.js';
import type { Ending } from '../../src/sessions/verdict/ending.js';
import { findEnding } from '../../src/sessions/verdict/find-ending.js';
import { noFacts, type SessionFacts } from '../../src/sessions/facts/facts.js';
import { fold } from '../../src/sessions/facts/fold.js';
import { defaultRules } from '../default-rules.js';
import type { TruthSession, TruthWorld } from './world.js';

export const RULES: PlanRules = defaultRules();

/** A heartbeat's distance from the last one, and what a delivery may take. */
export const BEAT_MISSED_AFTER = 65;

/** Virtual second 0. */
const EPOCH = 1_700_000_000_000;

export function atSecond(seconds: number): UnixMs {
  return unixMs(EPOCH + seconds * 1000);
}

export function secondOf(atMs: number): number {
  return (atMs - EPOCH) / 1000;
}

/** What is known of one session, folded by the real fold. */
export type Known = {
  truth: TruthSession;
  facts: SessionFacts;
  /** The last heartbeat that is in the facts, and the last one that was noticed. */
  beat: number;
  heard: number;
  /** Null while nothing proves one. */
  ending: Ending | null;
  /** Counts changes but for heartbeats, so that what was planned before one is not done after it. */
  plan: number;
};

/** The real fold and the real verdict over virtual evidence. */
export function createLedger(world: TruthWorld, { hearsNotices }: { hearsNotices: boolean }) {
  const take = (known: Known, piece: Evidence): void => {
    known.facts = fold(known.facts, [piece]);
    known.ending = findEnding(known.facts, RULES);
  };
  const learn = (known: Known, piece: Evidence): void => {
    take(known, piece);
    known.plan += 1;
  };
  const hear = (known: Known, at: number, event: RecordingEvent, eventType: number): void => {
    if (hearsNotices) learn(known, aNotice(known.truth, at, event, eventType));
  };
  /** Only the last heartbeat matters, so only that is folded, and only when somebody looks. */
  const listen = (known: Known, at: number): void => {
    const beat = hearsNotices ? world.lastBeat(known.truth, at) : null;
    if (beat === null || beat <= known.beat) return;
    known.beat = beat;
    known.heard = Math.max(known.heard, beat);
    take(known, aNotice(known.truth, beat, { type: 'uploadProgress', progress: 0.5 }, 33));
  };
  return {
    open: (truth: TruthSession): Known => {
      const known: Known = {
        truth,
        facts: noFacts(String(truth.index)),
        beat: -Infinity,
        heard: -Infinity,
        ending: null,
        plan: 0,
      };
      learn(known, registrationOf(truth));
      return known;
    },
    listen,
    /** The last heartbeat that came, whether it is in the facts or not. */
    lastBeat: (known: Known, at: number) => (hearsNotices ? world.lastBeat(known.truth, at) : null),
    /** When the heartbeat after the last one is missed; of that last one nothing else is needed. */
    beatDueMs: (known: Known, at: number): UnixMs | null => {
      const beat = hearsNotices ? world.lastBeat(known.truth, at) : null;
      return beat === null ? beatDueMs(known.facts, RULES) : atSecond(beat + BEAT_MISSED_AFTER);
    },
    hearStart: (known: Known) => hear(known, known.truth.start + 2, { type: 'recorderStarted', status: 0 }, 40),
    hearFiles: (known: Known) =>
      hear(known, known.truth.start + 5, { type: 'fileInfos', files: [fileNamed('a.m3u8')] }, 4),
    hearExit: (known: Known) => hear(known, known.truth.end, { type: 'sessionExit', exitStatus: 0 }, 11),
    ask: (known: Known, at: number): void => {
      listen(known, at);
      learn(known, anAnswer(known, at, world.isAlive(known.truth, at) ? ALIVE : { kind: 'not_found' }));
    },
  };
}

export type VirtualLedger = ReturnType<typeof createLedger>;

function registrationOf({ index, start }: TruthSession): Evidence {
  return {
    kind: 'registration',
    sid: String(index),
    appId: 'app',
    resourceId: 'r',
    mode: 'mix',
    cname: 'c',
    uid: '1',
    startedMs: atSecond(start),
    resourceExpiredHour: 720,
    receivedMs: atSecond(start + 0.1),
    replaces: false,
  };
}

function aNotice({ index }: TruthSession, at: number, event: RecordingEvent, eventType: number): Notice {
  return {
    kind: 'notice',
    eventKey: `${String(index)}-${String(eventType)}-${String(at)}`,
    noticeId: null,
    appId: 'app',
    sid: String(index),
    cname: 'c',
    uid: '1',
    eventType,
    eventName: eventName(eventType),
    serviceType: 0,
    serviceScene: null,
    sequence: null,
    occurredMs: atSecond(at),
    notifiedMs: null,
    receivedMs: atSecond(at + 0.3),
    event,
  };
}

const ALIVE = {
  kind: 'answered',
  answer: {
    status: 5,
    cname: null,
    uid: null,
    sliceStartedMs: null,
    fileListMode: null,
    files: [fileNamed('a.m3u8')],
    services: [],
    recordingService: null,
  },
} as const;

function anAnswer({ facts }: Known, at: number, outcome: QueryOutcome): Observation {
  const askedMs = atSecond(at);
  const answeredMs = atSecond(at + 0.1);
  return {
    kind: 'observation',
    sid: facts.sid,
    askedMs,
    answeredMs,
    lastAskedMs: askedMs,
    lastAnsweredMs: answeredMs,
    count: 1,
    outcome,
    unbrokenSinceMs: null,
  };
}
