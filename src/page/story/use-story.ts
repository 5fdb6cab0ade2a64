import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type {
  Explanations,
  Gap,
  LedgerClient,
  RecordedFile,
  Session,
  Streams,
  TimelineEntry,
  Version,
} from '../../client/index.js';
import type { Concluded } from '../picture/layout.js';
import { ledger } from '../state/ledger.js';
import { onChange } from '../state/live.js';
import { useAnswer, type Answer } from '../state/use-answer.js';

/** All that the ledger has of one session. `asOf` is what it knew then; the rest is cut there too. */
export type StoryParts = {
  session: Session;
  /** Of the present version alone; null for an earlier one. */
  reasons: Explanations | null;
  versions: readonly Version[];
  concluded: readonly Concluded[];
  gaps: readonly Gap[];
  files: readonly RecordedFile[];
  streams: Streams;
};

const PAGE = 500;
/** A session that changes all the time is not read all the time. */
const AGAIN_MS = 2_000;

export function useStory(sid: string, asOf: string | null): Answer<StoryParts> {
  const known = useRef(new Map<number, Concluded>());
  const answer = useAnswer((signal) => readParts(ledger.value, sid, asOf, known.current, signal), [sid, asOf]);
  const { reload } = answer;
  useChangesOf(sid, reload);
  return answer;
}

function useChangesOf(sid: string, act: () => void): void {
  const latest = useRef(act);
  latest.current = act;
  useEffect(() => {
    let waiting: ReturnType<typeof setTimeout> | null = null;
    return onChange((change) => {
      if (change.sid !== sid || waiting !== null) return;
      waiting = setTimeout(() => {
        waiting = null;
        latest.current();
      }, AGAIN_MS);
    });
  }, [sid]);
}

async function readParts(
  { sessions }: LedgerClient,
  sid: string,
  asOf: string | null,
  known: Map<number, Concluded>,
  signal: AbortSignal,
): Promise<StoryParts> {
  const options = { limit: PAGE, signal };
  const [session, reasons, versions, gaps, files, streams] = await Promise.all([
    sessions.get(sid, { signal, ...(asOf === null ? {} : { asOf }) }),
    asOf === null ? sessions.explain(sid, { signal }) : null,
    all(sessions.versions(sid, options)),
    all(sessions.gaps(sid, options)),
    all(sessions.files(sid, options)),
    sessions.streams(sid, { signal }),
  ]);
  const concluded = await conclusions(sessions, sid, versions, known, signal);
  const isKnown = ({ at }: { at: string }): boolean => asOf === null || at <= asOf;
  return {
    session,
    reasons,
    versions,
    concluded: concluded.filter(({ atMs }) => asOf === null || atMs <= Date.parse(asOf)),
    gaps: gaps.filter(({ openedAt }) => isKnown({ at: openedAt })),
    files: files.filter(({ firstSeenAt }) => isKnown({ at: firstSeenAt })),
    streams,
  };
}

const TELLING = /^(state|outcome|certainty)$/;
/** A session has some ten versions. Of one that has many more, the newest are drawn. */
const MOST_VERSIONS = 60;

/** What each version concluded, oldest first. A version never changes, so each is read once. */
async function conclusions(
  sessions: LedgerClient['sessions'],
  sid: string,
  versions: readonly Version[],
  known: Map<number, Concluded>,
  signal: AbortSignal,
): Promise<Concluded[]> {
  const telling = versions
    .filter(({ version, changed }) => version === 1 || changed.some((path) => TELLING.test(path)))
    .slice(0, MOST_VERSIONS);
  const read = telling.map(async ({ version, at }) => {
    const found = known.get(version);
    if (found !== undefined) return found;
    const { state, outcome, certainty } = await sessions.get(sid, { asOf: at, signal });
    const concluded = { version, atMs: Date.parse(at), state, outcome, certainty };
    known.set(version, concluded);
    return concluded;
  });
  return (await Promise.all(read)).sort((a, b) => a.atMs - b.atMs);
}

async function all<T>(list: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const one of list) found.push(one);
  return found;
}

export type TimelinePart = { entries: readonly TimelineEntry[]; isWhole: boolean; error: Error | null };

const SHOW_EVERY_MS = 300;

/** Happenings as their pages come: a long session is shown before all of it is here. `turn`: when to read it anew. */
export function useTimeline(sid: string, turn: unknown, asOf: string | null): TimelinePart {
  const [part, setPart] = useState<TimelinePart>({ entries: [], isWhole: false, error: null });
  const client = ledger.value;
  useEffect(() => {
    const over = new AbortController();
    const show = (next: TimelinePart): void => {
      if (!over.signal.aborted) setPart((before) => (next.isWhole || !before.isWhole ? next : before));
    };
    readTimeline(client, sid, over.signal, show).catch((error: unknown) => {
      if (!over.signal.aborted) setPart((before) => ({ ...before, error: error as Error }));
    });
    return () => over.abort();
  }, [sid, turn, client]);
  return useMemo(
    () => (asOf === null ? part : { ...part, entries: part.entries.filter(({ receivedAt }) => receivedAt <= asOf) }),
    [part, asOf],
  );
}

async function readTimeline(
  { sessions }: LedgerClient,
  sid: string,
  signal: AbortSignal,
  show: (part: TimelinePart) => void,
): Promise<void> {
  let entries: TimelineEntry[] = [];
  let shownAt = 0;
  for await (const page of sessions.timeline(sid, { limit: PAGE, signal }).pages()) {
    entries = [...entries, ...page.timeline];
    const isWhole = page.next === null;
    if (!isWhole && shownAt > performance.now() - SHOW_EVERY_MS) continue;
    shownAt = performance.now();
    show({ entries, isWhole, error: null });
  }
}
