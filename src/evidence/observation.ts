import type { FileMention } from './file-mention.js';
import type { UnixMs } from './instant.js';
import type { PushOutput } from './push-output.js';

/**
 * What one `query` told us. Expected outcomes, 5xx and timeouts included, are values.
 * @see https://docs.agora.io/en/cloud-recording/rest-api/status-codes (read 2026-07); docs/agora.md#outcomes
 */
export type QueryOutcome =
  | { kind: 'answered'; answer: RecordingAnswer }
  /** "failed to find worker": never started, over, or in mid-failover. Evidence, not proof. */
  | { kind: 'not_found' }
  /** "no Route matched": our address is wrong. Says nothing about the recording. */
  | { kind: 'no_route' }
  | { kind: 'bad_request'; code: number | null; reason: string | null }
  | { kind: 'unauthorized' }
  | { kind: 'throttled'; retryAfterMs: number | null }
  /** 206 with code 65: the backend did not answer in time. */
  | { kind: 'incomplete' }
  | { kind: 'unavailable'; reason: 'timeout' | 'network' | 'server' };

/**
 * The body of a 200. Every field may be missing in one documented variant or another.
 * @see https://docs.agora.io/en/cloud-recording/rest-api/query (read 2026-07); docs/agora.md#outcomes
 */
export type RecordingAnswer = {
  /** 0–8 and 20; null where the answer carries none (the VoD example) or an unknown one. */
  status: number | null;
  cname: string | null;
  uid: string | null;
  sliceStartedMs: UnixMs | null;
  fileListMode: string | null;
  files: readonly FileMention[];
  services: readonly ExtensionService[];
  /** `subServiceStatus.recordingService`, only in older and VoD answers. */
  recordingService: string | null;
};

export type ExtensionService = {
  name: string;
  state: string | null;
  onHold: boolean | null;
  files: readonly FileMention[];
  outputs: readonly PushOutput[];
};

/**
 * One answer, or a run of `count` equal answers. An answer is valid for the interval from asking to
 * answering; a run for the time from its first asking to its last answering.
 */
export type Observation = {
  kind: 'observation';
  sid: string;
  askedMs: UnixMs;
  answeredMs: UnixMs;
  lastAskedMs: UnixMs;
  lastAnsweredMs: UnixMs;
  count: number;
  outcome: QueryOutcome;
  /**
   * For a 404 that proved an absence, by what was known when it was stored: when the first 404 of that
   * absence was asked. Null for every other 404 and every other outcome.
   */
  unbrokenSinceMs: UnixMs | null;
  /**
   * How many steps of the ledger's clock had been found by then; 0 where it is left out. A duration can only
   * be computed from two times of the same era.
   */
  clockEra?: number;
};
