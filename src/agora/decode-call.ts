import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import type { UnixMs } from '../evidence/instant.js';
import type { CallEvidence } from '../evidence/passed-call.js';
import type { RecordingStorage } from '../evidence/recording-storage.js';
import { parseJson } from './parse-notification.js';
import type { CalledMethod } from './read-call.js';
import { isObject, listIn, objectIn, storable, textIn, wholeNumberIn, type LooseObject } from './read-fields.js';

export type CallAndAnswer = {
  appId: string;
  method: CalledMethod;
  requestBody: Buffer;
  status: number;
  /** As it came, and how it is encoded; null where it is not. */
  answerBody: Buffer;
  contentEncoding: string | null;
  calledMs: UnixMs;
  answeredMs: UnixMs;
};

/**
 * What a call and its answer tell; null where it is nothing. Of `storageConfig` the keys and the token are not
 * read, nor is the token of the channel: what is not read here is kept nowhere.
 * @see https://docs.agora.io/en/cloud-recording/rest-api/acquire (read 2026-07); docs/agora.md#pass-through
 */
export function decodeCall(call: CallAndAnswer): CallEvidence | null {
  const { appId, method, status, calledMs, answeredMs } = call;
  const when = { calledMs, answeredMs, httpStatus: status };
  const body = textOf(call);
  const answer = objectOf(body);
  const request = objectOf(call.requestBody.toString('utf8'));
  switch (method.kind) {
    case 'acquire':
      return acquired({ appId, ...when }, request, answer);
    case 'start': {
      const sid = textIn(answer, 'sid');
      const starter = starterOf(request);
      if (!isSuccess(status) || sid === null || sid.length > 256 || starter === null) return null;
      const { resourceId, mode } = method;
      return { kind: 'started', ...when, appId, resourceId, sid, mode, ...starter, storage: storageOf(request) };
    }
    case 'query': {
      const { kind: _kind, ...session } = method;
      return { kind: 'queried', ...when, appId, ...session, body };
    }
    case 'update':
    case 'updateLayout': {
      const { kind, ...session } = method;
      const starter = starterOf(request);
      if (status !== 200 || starter === null) return null;
      return { kind: 'updated', method: kind, ...when, appId, ...session, ...starter };
    }
    case 'stop': {
      const { kind: _kind, ...session } = method;
      const starter = starterOf(request);
      if (!isSuccess(status) || starter === null || parseJson(body) === undefined) return null;
      return { kind: 'stopped', ...when, appId, ...session, ...starter, body };
    }
  }
}

type Acquired = Extract<CallEvidence, { kind: 'acquired' }>;

function acquired(
  of: Omit<Acquired, 'kind' | 'resourceId' | 'scene' | 'resourceExpiredHour'>,
  request: LooseObject,
  answer: LooseObject,
): Acquired | null {
  const resourceId = textIn(answer, 'resourceId');
  if (of.httpStatus !== 200 || resourceId === null) return null;
  const asked = objectIn(request, 'clientRequest');
  const hours = wholeNumberIn(asked, 'resourceExpiredHour');
  const resourceExpiredHour = hours !== null && hours >= 1 && hours <= 720 ? hours : null;
  return { kind: 'acquired', ...of, resourceId, scene: smallIn(asked, 'scene'), resourceExpiredHour };
}

function isSuccess(status: number): boolean {
  return status >= 200 && status <= 299;
}

function starterOf(request: LooseObject): { cname: string; uid: string } | null {
  const [cname, uid] = [textIn(request, 'cname'), textIn(request, 'uid')];
  return cname === null || uid === null ? null : { cname, uid };
}

function storageOf(request: LooseObject): RecordingStorage | null {
  const { storageConfig } = objectIn(request, 'clientRequest');
  if (!isObject(storageConfig)) return null;
  const prefix = listIn(storageConfig, 'fileNamePrefix').filter((part) => typeof part === 'string');
  return {
    vendor: smallIn(storageConfig, 'vendor'),
    region: smallIn(storageConfig, 'region'),
    bucket: textIn(storageConfig, 'bucket'),
    prefix: prefix.map(storable),
  };
}

/** Agora numbers scenes, vendors and regions with few digits. */
function smallIn(from: LooseObject, name: string): number | null {
  const value = wholeNumberIn(from, name);
  return value !== null && Math.abs(value) < 1_000_000 ? value : null;
}

function objectOf(text: string): LooseObject {
  const parsed = parseJson(text);
  return isObject(parsed) ? parsed : {};
}

/** An answer that unpacks to more is none of Agora's. */
const LARGEST = { maxOutputLength: 8 * 1_048_576 };

function textOf({ answerBody, contentEncoding }: CallAndAnswer): string {
  return storable(unpacked(answerBody, contentEncoding).toString('utf8'));
}

function unpacked(body: Buffer, encoding: string | null): Buffer {
  try {
    if (encoding === 'gzip') return gunzipSync(body, LARGEST);
    if (encoding === 'deflate') return inflateSync(body, LARGEST);
    return encoding === 'br' ? brotliDecompressSync(body, LARGEST) : body;
  } catch {
    return Buffer.alloc(0); // damaged: it goes on as it came, and tells nothing
  }
}
