import { RECORDING_MODES, type RecordingMode } from '../evidence/registration.js';

/** Which method of the recording API a request calls, by its address. */
export type CalledMethod =
  | { kind: 'acquire' }
  | { kind: 'start'; resourceId: string; mode: RecordingMode }
  | { kind: 'query' | 'update' | 'updateLayout' | 'stop'; resourceId: string; sid: string; mode: RecordingMode };

const START = /^resourceid\/([^/]+)\/mode\/([^/]+)\/start$/;
const ON_SESSION = /^resourceid\/([^/]+)\/sid\/([^/]+)\/mode\/([^/]+)\/(query|update|updateLayout|stop)$/;

/**
 * `path` is what follows `cloud_recording/`, without a query string, as it was sent. Null for every other address:
 * it is passed on and means nothing here.
 * @see https://docs.agora.io/en/cloud-recording/rest-api/query (read 2026-07); docs/agora.md#pass-through
 */
export function readCalledMethod(verb: string, path: string): CalledMethod | null {
  if (verb === 'POST' && path === 'acquire') return { kind: 'acquire' };
  const [, startedWith, startMode] = START.exec(path) ?? [];
  if (verb === 'POST' && startedWith !== undefined && startMode !== undefined) {
    return named({ resourceId: startedWith, mode: startMode }, (part) => ({ kind: 'start', ...part }));
  }
  const [, resourceId, sid, mode, method] = ON_SESSION.exec(path) ?? [];
  const kind = SESSION_METHODS.find((one) => one === method);
  if (resourceId === undefined || sid === undefined || mode === undefined || kind === undefined) return null;
  if (verb !== (kind === 'query' ? 'GET' : 'POST')) return null;
  return named({ resourceId, sid, mode }, ({ sid: named = '', ...part }) => ({ kind, ...part, sid: named }));
}

const SESSION_METHODS = ['query', 'update', 'updateLayout', 'stop'] as const;

type Parts = { resourceId: string; mode: string; sid?: string };
type NamedParts = { resourceId: string; mode: RecordingMode; sid?: string };

function named(parts: Parts, make: (parts: NamedParts) => CalledMethod): CalledMethod | null {
  const [resourceId, mode, sid] = [parts.resourceId, parts.mode, parts.sid ?? ''].map(decoded);
  const known = RECORDING_MODES.find((one) => one === mode);
  if (resourceId == null || sid == null || known === undefined) return null;
  return make({ resourceId, mode: known, ...(sid === '' ? {} : { sid }) });
}

/** Longer than any id that Agora gives. */
const LONGEST_SID = 256;
const LONGEST_RESOURCE_ID = 4_096;

/** Null for what is no text, or none that can be kept. */
function decoded(part: string | undefined, index: number): string | null {
  if (part === undefined) return null;
  try {
    const text = decodeURIComponent(part);
    const longest = index === 0 ? LONGEST_RESOURCE_ID : LONGEST_SID;
    return text.includes('\u0000') || text.length > longest ? null : text;
  } catch {
    return null; // a percent sign that encodes nothing
  }
}
