import type { UnixMs } from './instant.js';
import type { RecordingStorage } from './recording-storage.js';

export const RECORDING_MODES = ['individual', 'mix', 'web', 'raw'] as const;
export type RecordingMode = (typeof RECORDING_MODES)[number];

/**
 * What the service that called `start` told us. Without it a session cannot be queried. There may be
 * several of one session: later ones add what was left out, or replace what was told before.
 */
export type Registration = {
  kind: 'registration';
  sid: string;
  appId: string;
  resourceId: string;
  mode: RecordingMode;
  cname: string;
  uid: string;
  startedMs: UnixMs | null;
  /** Hours after the start during which `query` works; Agora's default is 72. */
  resourceExpiredHour: number | null;
  receivedMs: UnixMs;
  /** True if it replaces what was registered before. */
  replaces: boolean;
  /** Only where the call itself was passed on through here. */
  startCall?: StartCall;
};

/** What a passed-on `start` told beside its registration. `heard`: its answer was written to whoever had called. */
export type StartCall = { storage: RecordingStorage | null; heard: boolean };
