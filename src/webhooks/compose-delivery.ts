import type { Db } from '../db/connection/database.js';
import { listNewestFiles } from '../db/sessions/session-files.js';
import { iso, type UnixMs } from '../evidence/instant.js';
import type { RecordingStorage } from '../evidence/recording-storage.js';
import type { RecordedFile } from '../sessions/facts/files.js';
import type { LedgerSession } from '../sessions/verdict/session.js';
import { changedFields, newFindings, type SessionEvent } from '../sessions/views/webhook-events.js';
import type { FeedStep } from './feed-window.js';

/** Sessions and files as the API shows them. */
export type Render = {
  session: (version: { session: LedgerSession; version: number; atMs: UnixMs }) => Readonly<Record<string, unknown>>;
  file: (file: RecordedFile, storage: RecordingStorage | null) => unknown;
};

/** The body of a delivery of that type. */
export type Compose = (step: FeedStep, type: SessionEvent) => Promise<string>;

/** The most files that one delivery names; all of them are at `/v1/sessions/{sid}/files`. */
const MOST_FILES = 500;

/** The body of each delivery, made once for all endpoints. */
export function createComposer({ pool }: Pick<Db, 'pool'>, render: Render): Compose {
  const made = new WeakMap<FeedStep, Map<SessionEvent, Promise<string>>>();
  return (step, type) => {
    const ofStep = made.get(step) ?? new Map<SessionEvent, Promise<string>>();
    made.set(step, ofStep);
    const body = ofStep.get(type) ?? compose(step, type);
    ofStep.set(type, body);
    body.catch(() => ofStep.delete(type));
    return body;
  };

  async function compose(step: FeedStep, type: SessionEvent): Promise<string> {
    const { change } = step;
    const session = render.session(change);
    const data = {
      cursor: change.cursor,
      version: change.version,
      session,
      previous: previousOf(step, render),
      ...(type === 'session.finding' ? { findings: findingsIn(step) } : {}),
      ...(type === 'session.files' ? { files: await filesIn(step) } : {}),
    };
    return JSON.stringify({ type, timestamp: iso(change.atMs), data });
  }

  async function filesIn({ change, before }: FeedStep): Promise<unknown[]> {
    const known = before?.session.files?.count ?? 0;
    const more = Math.min((change.session.files?.count ?? 0) - known, MOST_FILES);
    const files = await listNewestFiles(pool, change.sid, change.atMs, more);
    return files.map((file) => render.file(file, change.session.storage ?? null));
  }
}

/** State, outcome and certainty as they were, and each other field that the version changed. */
function previousOf({ change, before }: FeedStep, render: Render): Readonly<Record<string, unknown>> | null {
  if (before === null) return null;
  const was = render.session(before);
  const fields = ['state', 'outcome', 'certainty', ...changedFields(before.session, change.session)];
  return Object.fromEntries(fields.filter((field) => field in was).map((field) => [field, was[field]]));
}

function findingsIn({ change, before }: FeedStep): unknown[] {
  const found = newFindings(before?.session ?? null, change.session);
  return found.map(({ code, atMs, message }) => ({ code, at: iso(atMs), message }));
}
