import type { UnixMs } from './instant.js';
import type { RecordingMode } from './registration.js';
import type { RecordingStorage } from './recording-storage.js';

/** Which session a call was about. */
export type CalledSession = {
  appId: string;
  resourceId: string;
  sid: string;
  mode: RecordingMode;
};

type Starter = { cname: string; uid: string };
type When = { calledMs: UnixMs; answeredMs: UnixMs; httpStatus: number };

/**
 * What one call that was passed on to Agora told, with its answer. Nothing else of either is kept: bodies hold
 * storage keys and tokens.
 */
export type CallEvidence = When &
  (
    | { kind: 'acquired'; appId: string; resourceId: string; scene: number | null; resourceExpiredHour: number | null }
    | ({ kind: 'started'; storage: RecordingStorage | null } & CalledSession & Starter)
    | ({ kind: 'updated'; method: 'update' | 'updateLayout' } & CalledSession & Starter)
    | ({ kind: 'queried'; body: string } & CalledSession)
    | ({ kind: 'stopped'; body: string } & CalledSession & Starter)
  );

/** A call that was passed on and that only the timeline shows; its answer was a success. */
export type PassedCall = {
  kind: 'passed_call';
  sid: string;
  method: 'start' | 'update' | 'updateLayout';
  uid: string | null;
  httpStatus: number;
  calledMs: UnixMs;
  receivedMs: UnixMs;
};
