import type { QueryOutcome } from '../../evidence/observation.js';
import type { RecordingMode, Registration } from '../../evidence/registration.js';
import type { UploadingStatus } from '../../evidence/recording-event.js';
import { unixMs, type UnixMs } from '../../evidence/instant.js';
import { NO_REGISTRATIONS, type RegistrationFacts } from './registrations.js';
import type { LateNumber, SequenceCounts } from './sequences.js';
import type { ServiceFact } from './services.js';

/**
 * All that the evidence of one session amounts to, as a mergeable summary: folding new evidence in
 * gives what folding everything would, in any order. So every field is an earliest, a latest, a set
 * or a count of distinct things, and none depends on what came first. (The one exception, `arrivals`,
 * is about the order of arrival itself; see there.)
 *
 * Every list is sorted, so that equal facts are equal byte for byte.
 */
export type SessionFacts = {
  /** Facts of another shape are read anew from the evidence: see FACTS_SHAPE. */
  shape: number;
  sid: string;
  /** The one in force, made of `registrations`: `receivedMs` and `replaces` are those of its base. */
  registration: Registration | null;
  registrations: RegistrationFacts;
  /** What the earliest notice said about itself. */
  firstNotice: { atMs: UnixMs; eventKey: string; appId: string; cname: string | null } | null;
  /** True once any notice of the session came: it existed, whatever the notice said. */
  existed: boolean;
  recorders: readonly RecorderFacts[];
  noticeSigns: SignFacts;
  answerSigns: SignFacts;
  /** The earliest sign of life that a clock can be believed in: from then on the query window runs. */
  windowFromMs: UnixMs | null;
  /** Queries answered with status 8 or 20, oldest first. */
  exitAnswers: readonly ExitAnswerFact[];
  /** The latest 404s asked after every sign of life, oldest first; a later sign of life empties it. */
  notFound: readonly MissedQuery[];
  /** They are as many as are kept: there may have been more. */
  notFoundIsCut: boolean;
  /** Absences that were proven when their last 404 was kept, oldest first. */
  goneProofs: readonly GoneProof[];
  stop: { receivedMs: UnixMs; uploadingStatus: UploadingStatus | null } | null;
  /** The last progress that any uploader reported. */
  progress: { atMs: UnixMs; progress: number } | null;
  /** True once a notice named a playlist or an MP4. */
  noticeNamedFiles: boolean;
  serviceStatus: { atMs: UnixMs; status: number } | null;
  /** The parts of the session that anybody told of, by name. */
  services: readonly ServiceFact[];
  errors: readonly ErrorFact[];
  incidents: readonly IncidentFact[];
  /** The App IDs and channel names that notices gave, sorted; more than one is a contradiction. */
  toldAppIds: readonly string[];
  toldCnames: readonly string[];
  /** The furthest that a sender's clock was ahead of ours. */
  skew: { atMs: UnixMs; aheadMs: number } | null;
  haRegisteredMs: UnixMs | null;
  /** The last moment of which we know: receipt, answer, or having waited until then. */
  knownUntilMs: UnixMs;
  arrivals: ArrivalFacts;
  asked: AskedFacts;
};

/** Counts up with every change of what facts hold or mean. */
export const FACTS_SHAPE = 3;

/** An interval that one query speaks for. */
export type AskedInterval = { askedMs: UnixMs; answeredMs: UnixMs };

/** A 404. `era`: the observation's clockEra, left out where that is none. */
export type MissedQuery = AskedInterval & { era?: number };

/** A run of equal answers: when the last of them was asked and answered, too. */
export type ExitAnswerFact = AskedInterval & {
  lastAskedMs: UnixMs;
  lastAnsweredMs: UnixMs;
  status: 8 | 20;
};

/** From the asking of its first 404 to that of its last; `notAfterMs` is when the proving one was answered. */
export type GoneProof = { sinceMs: UnixMs; atMs: UnixMs; notAfterMs: UnixMs };

/** One recorder instance; a failover replaces it by another with a new uid. */
export type RecorderFacts = {
  uid: string;
  /** Its first event, or the failover that named it as the new one. */
  firstMs: UnixMs;
  /** The first and the last of these that showed it alive; null for one only heard after its end. */
  firstLifeMs: UnixMs | null;
  lastLifeMs: UnixMs | null;
  /** Its own start event: of the recorder, its uploader or its web recorder. */
  startedMs: UnixMs | null;
  /** When event 12 said that another took over from it. */
  replacedMs: UnixMs | null;
  /** Which one that was; null where event 12 did not name it. */
  replacedBy: string | null;
  exits: readonly ExitFact[];
  /** Its last recorder_leave or web_recorder_stopped. */
  left: LeaveFact | null;
  /** How far its own uploader got. */
  upload: UploadFacts;
  /** How far its clock seems to be behind: the three least of all its notices, the least first. */
  clock: readonly ClockFact[];
  /** Sequence numbers seen; beyond a bound like `arrivals`, folded in order of receipt. */
  sequences: SequenceCounts;
  /** Numbers that came well after a higher one; like `arrivals`, folded in order of receipt. */
  lateNumbers: readonly LateNumber[];
};

/**
 * The time from when a notice says that it happened to when Agora sent it on: of many, the least is
 * not its way through Agora but its sender's clock.
 */
export type ClockFact = { atMs: UnixMs; behindMs: number };

export type LeaveFact = {
  event: 'recorder_leave' | 'web_recorder_stopped';
  atMs: UnixMs;
  /** Bit mask of a recorder_leave. */
  leaveCode: number | null;
  /** Code and name of a web_recorder_stopped. */
  stopCode: number | null;
  reason: string | null;
};

/** Something worth a finding, of which the first of its kind and subject is kept. */
export type IncidentFact = {
  kind:
    | 'capability_limit'
    | 'storage_token_expired'
    | 'download_failed'
    | 'transcode_failed'
    | 'cdn_disconnected'
    | 'service_abnormal'
    | 'bad_request'
    | 'no_route'
    | 'unauthorized';
  subject: string;
  atMs: UnixMs;
  /** The last one like it. */
  lastMs: UnixMs;
};

/**
 * `atMs` is by the sender's clock, `knownMs` when it had happened for sure: when Agora sent it on, or we
 * received it.
 */
export type ExitFact = { atMs: UnixMs; knownMs: UnixMs; exitStatus: number | null };

/** Earliest and latest signs of each kind, from notices or from answers. */
export type SignFacts = {
  firstLifeMs: UnixMs | null;
  lastLifeMs: UnixMs | null;
  firstRecordingMs: UnixMs | null;
  lastRecordingMs: UnixMs | null;
  lastStoppingMs: UnixMs | null;
  /** A recorder's or uploader's own start event; for answers, the start time they carry. */
  startedMs: UnixMs | null;
  /** Status 0–5 in an answer, or a recorder starting: what can take back an ending. */
  lastLiveMs: UnixMs | null;
};

export type UploadFacts = {
  startedMs: UnixMs | null;
  progressMs: UnixMs | null;
  uploadedMs: UnixMs | null;
  backedUpMs: UnixMs | null;
  strandedMs: UnixMs | null;
  failedMs: UnixMs | null;
};

export type ErrorFact = {
  atMs: UnixMs;
  receivedMs: UnixMs;
  module: number | null;
  level: number | null;
  code: number | null;
  message: string | null;
};

/**
 * Counts that depend on the order of arrival. They are folded in the order of receipt; evidence
 * that was received earlier than something already folded makes the session be folded anew.
 */
export type ArrivalFacts = {
  events: number;
  deliveries: number;
  outOfOrder: number;
  firstReceivedMs: UnixMs | null;
  lastReceivedMs: UnixMs | null;
  /**
   * The latest receipt of a notice, the latest happening among the notices received in that very
   * millisecond, and the latest among those received before it.
   */
  order: {
    receivedMs: UnixMs | null;
    highestThenMs: UnixMs | null;
    highestBeforeMs: UnixMs | null;
  };
  /** Receipt of the last notice that asks for a query: a leave, an exit, a failover, a fatal error. */
  lastSignalMs: UnixMs | null;
};

export type AskedFacts = {
  count: number;
  latest: {
    askedMs: UnixMs;
    lastAskedMs: UnixMs;
    lastAnsweredMs: UnixMs;
    count: number;
    outcome: QueryOutcome['kind'];
    retryAfterMs: number | null;
  } | null;
  /** The last 200, whatever it said: when the session was last verified. */
  lastVerifiedMs: UnixMs | null;
  /** The last "failed to find worker", also after later signs of life. */
  lastNotFoundMs: UnixMs | null;
  namedFiles: boolean;
};

export type { RecordingMode };

export const NO_UPLOAD: UploadFacts = {
  startedMs: null,
  progressMs: null,
  uploadedMs: null,
  backedUpMs: null,
  strandedMs: null,
  failedMs: null,
};

const NO_SIGNS: SignFacts = {
  firstLifeMs: null,
  lastLifeMs: null,
  firstRecordingMs: null,
  lastRecordingMs: null,
  lastStoppingMs: null,
  startedMs: null,
  lastLiveMs: null,
};

export function noFacts(sid: string): SessionFacts {
  return {
    shape: FACTS_SHAPE,
    sid,
    registration: null,
    registrations: NO_REGISTRATIONS,
    firstNotice: null,
    existed: false,
    recorders: [],
    noticeSigns: NO_SIGNS,
    answerSigns: NO_SIGNS,
    windowFromMs: null,
    exitAnswers: [],
    notFound: [],
    notFoundIsCut: false,
    goneProofs: [],
    stop: null,
    progress: null,
    noticeNamedFiles: false,
    serviceStatus: null,
    services: [],
    errors: [],
    incidents: [],
    toldAppIds: [],
    toldCnames: [],
    skew: null,
    haRegisteredMs: null,
    knownUntilMs: unixMs(0),
    arrivals: {
      events: 0,
      deliveries: 0,
      outOfOrder: 0,
      firstReceivedMs: null,
      lastReceivedMs: null,
      order: { receivedMs: null, highestThenMs: null, highestBeforeMs: null },
      lastSignalMs: null,
    },
    asked: {
      count: 0,
      latest: null,
      lastVerifiedMs: null,
      lastNotFoundMs: null,
      namedFiles: false,
    },
  };
}
