import { z } from 'zod';
import { unixMs } from '../evidence/instant.js';
import type { CallEvidence } from '../evidence/passed-call.js';
import { RECORDING_MODES } from '../evidence/registration.js';

/** A call as a journal keeps it, by an id of its own. */
export type KeptCall = { callId: string; account: string; told: CallEvidence; clockEra: number };

/** `heard`: whether the answer was written to whoever had called. */
export type JournalEntry = KeptCall & { heard: boolean };

type Line =
  | { kind: 'kept'; call: KeptCall }
  | { kind: 'settled'; callId: string; heard: boolean }
  | { kind: 'done'; callId: string };

const instant = z.number().transform(unixMs);
const when = { calledMs: instant, answeredMs: instant, httpStatus: z.number() };
const session = { appId: z.string(), resourceId: z.string(), sid: z.string(), mode: z.enum(RECORDING_MODES) };
const starter = { cname: z.string(), uid: z.string() };
const storage = z.object({
  vendor: z.number().nullable(),
  region: z.number().nullable(),
  bucket: z.string().nullable(),
  prefix: z.array(z.string()),
});

const told = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('acquired'),
    ...when,
    appId: z.string(),
    resourceId: z.string(),
    scene: z.number().nullable(),
    resourceExpiredHour: z.number().nullable(),
  }),
  z.object({ kind: z.literal('started'), ...when, ...session, ...starter, storage: storage.nullable() }),
  z.object({
    kind: z.literal('updated'),
    ...when,
    ...session,
    ...starter,
    method: z.enum(['update', 'updateLayout']),
  }),
  z.object({ kind: z.literal('queried'), ...when, ...session, body: z.string() }),
  z.object({ kind: z.literal('stopped'), ...when, ...session, ...starter, body: z.string() }),
]);

const call = z.object({ callId: z.uuid(), account: z.string(), told, clockEra: z.number() });
const lineSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('kept'), call }),
  z.object({ kind: z.literal('settled'), callId: z.string(), heard: z.boolean() }),
  z.object({ kind: z.literal('done'), callId: z.string() }),
]);

export function encodeEntry(line: Line): Buffer {
  return Buffer.from(`${JSON.stringify(line)}\n`);
}

/**
 * The entries of a journal's bytes that are not done. One whose process was killed before it could say so was not
 * heard. A last line that was cut off by the kill belongs to an answer that never went out.
 */
export function readEntries(bytes: Buffer): JournalEntry[] {
  const entries = new Map<string, JournalEntry>();
  for (const text of bytes.toString('utf8').split('\n')) {
    const line = readLine(text);
    if (line?.kind === 'kept') entries.set(line.call.callId, { ...line.call, heard: false });
    if (line?.kind === 'done') entries.delete(line.callId);
    const settled = line?.kind === 'settled' ? entries.get(line.callId) : undefined;
    if (line?.kind === 'settled' && settled !== undefined) settled.heard = line.heard;
  }
  return [...entries.values()];
}

function readLine(text: string): Line | null {
  try {
    return lineSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
