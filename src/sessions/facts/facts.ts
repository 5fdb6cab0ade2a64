import type { QueryOutcome } from '../../evidence/observation.js';
import type { RecordingMode, Registration } from '../../evidence/registration.js';
import type { UploadingStatus } from '../../evidence/recording-event.js';
import { unixMs, type UnixMs } from '../../evidence/instant.js';
import { NO_REGISTRATIONS, type RegistrationFacts } from './registrations.js';
import type { LookFact } from './looks.js';
import type { LateNumber, SequenceCounts } from './sequences.js';
import type { ServiceFact } from './services.js';

/**
 * A mergeable summary of all evidence of one session: folding new evidence into it gives the same as folding
 * all evidence, in any order. So every field is an earliest, a latest, a set or a count of distinct things,
 * and none depends on what came first. (The one exception, `arrivals`, is about the order of arrival itself;
 * see there.)
 *
 * Every list is sorted, so that equal facts are equal byte for byte.
 */
export type SessionFacts = {
  /** Facts of another shape are built again from the evidence: see FACTS_SHAPE. */
  shape: number;
  sid: string;
  /** The registration in force, computed from `registrations`; `receivedMs` and `replaces` are those of its base. */
  registration: Registration | null;
  registrations: RegistrationFacts;
  /** What the earliest notice said about itself. */
  firstNotice: { atMs: UnixMs; eventKey: string; appId: string; cname: string | null } | null;
  /** True once any notice of the session came: it existed, whatever the notice said. */
  existed: boolean;
  recorders: readonly RecorderFacts[];
  noticeSigns: SignFacts;
  answerSigns: SignFacts;
  /** The earliest sign of life with a believable time; the query window begins with it. */
  windowFromMs: UnixMs | null;
  /** Queries answered with status 8 or 20, oldest first. */
  exitAnswers: readonly ExitAnswerFact[];
  /** The latest 404s asked after every sign of life, oldest first; a later sign of life empties it. */
  notFound: readonly MissedQuery[];
  /** True if the list is full: there may have been more. */
  notFoundIsCut: boolean;
  /** Absences that were proven when their last 404 was kept, oldest first. */
  goneProofs: readonly GoneProof[];
  stop: { receivedMs: UnixMs; uploadingStatus: UploadingStatus | null } | null;
  /** The last progress that any uploader reported. */
  progress: { atMs: UnixMs; progress: number } | null;
  /** True if a notice has named a playlist or an MP4. */
  noticeNamedFiles: boolean;
  serviceStatus: { atMs: UnixMs; status: number } | null;
  /** The parts of the session that anybody told of, by name. */
  services: readonly ServiceFact[];
  /** What looks into buckets showed, by the bucket's name. */
  looks: readonly LookFact[];
  errors: readonly ErrorFact[];
  incidents: readonly IncidentFact[];
  /** The App IDs and channel names that notices gave, sorted; more than one is a contradiction. */
  toldAppIds: readonly string[];
  toldCnames: readonly string[];
  /** The most that a sender's clock was ahead of ours. */
  skew: { atMs: UnixMs; aheadMs: number } | null;
  haRegisteredMs: UnixMs | null;
  /** The latest time up to which evidence is known: by a receipt, an answer, or time that has passed. */
  knownUntilMs: UnixMs;
  arrivals: ArrivalFacts;
  asked: AskedFacts;
};

/** Increased with every change of what facts contain or mean. */
export const FACTS_SHAPE = 3;

/** The interval for which one query's answer is valid. */
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
  /** Its first and last sign of life; null if only its end was reported. */
  firstLifeMs: UnixMs | null;
  lastLifeMs: UnixMs | null;
  /** Its own start event: of the recorder, its uploader or its web recorder. */
  startedMs: UnixMs | null;
  /** When event 12 said that another took over from it. */
  replacedMs: UnixMs | null;
  /** The uid of the recorder that took over; null if event 12 did not name it. */
  replacedBy: string | null;
  exits: readonly ExitFact[];
  /** Its last recorder_leave or web_recorder_stopped. */
  left: LeaveFact | null;
  /** The upload as its own uploader reported it. */
  upload: UploadFacts;
  /** How far its clock seems to be behind: the three smallest values of all its notices, in ascending order. */
  clock: readonly ClockFact[];
  /** Sequence numbers seen; beyond a bound like `arrivals`, folded in order of receipt. */
  sequences: SequenceCounts;
  /** Numbers that came well after a higher one; like `arrivals`, folded in order of receipt. */
  lateNumbers: readonly LateNumber[];
};

/**
 * The time between a notice's own time and the time at which Agora sent it. The smallest of many values is
 * due to the sender's clock and not to delays inside Agora.
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

/** An incident for a finding; the first of each kind and subject is kept. */
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
  /** The last incident of the same kind and subject. */
  lastMs: UnixMs;
};

/**
 * `atMs` is by the sender's clock. By `knownMs` it had certainly happened: when Agora sent the notice, or
 * when we received it.
 */
export type ExitFact = { atMs: UnixMs; knownMs: UnixMs; exitStatus: number | null };

/** Earliest and latest signs of each kind, from notices or from answers. */
export type SignFacts = {
  firstLifeMs: UnixMs | null;
  lastLifeMs: UnixMs | null;
  firstRecordingMs: UnixMs | null;
  lastRecordingMs: UnixMs | null;
  lastStoppingMs: UnixMs | null;
  /** A recorder's or uploader's own start event; for answers, the start time that they contain. */
  startedMs: UnixMs | null;
  /** Status 0–5 in an answer, or the start of a recorder: these can revoke an ending. */
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
  /** Receipt of the last notice that triggers a query: a leave, an exit, a failover, a fatal error. */
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
    looks: [],
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
