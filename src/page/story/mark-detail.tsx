import type { Notice, TimelineEntry } from '../../client/index.js';
import { Read } from '../parts/panel.js';
import { Time } from '../parts/time.js';
import { inWords, number } from '../state/format.js';
import { ledger } from '../state/ledger.js';
import { useAnswer } from '../state/use-answer.js';

type DetailProps = {
  sid: string;
  entries: readonly TimelineEntry[];
  /** Which of them the mark stands for; null where none is pointed at. */
  shown: readonly number[] | null;
  onPin: (index: number | null) => void;
};

const MOST_LISTED = 12;

/** The mark that is pointed at or pinned: what it stands for, and its body as it came. */
export function MarkDetail({ sid, entries, shown, onPin }: DetailProps) {
  const [first] = shown ?? [];
  const entry = first === undefined ? undefined : entries[first];
  if (shown === null || entry === undefined) {
    return <p class="faint hint">Point at a mark, or press the arrow keys in the picture, to see what came.</p>;
  }
  return (
    <div class="mark-detail">
      <header>
        <h3>
          {inWords(entry.kind)} <span class="faint">{SOURCES[entry.source]}</span>
        </h3>
        <button type="button" onClick={() => onPin(null)} aria-label="Close what is pinned">
          ×
        </button>
      </header>
      <p>
        Happened <Time at={entry.at} as="ms" />, known since <Time at={entry.receivedAt} as="ms" />
        {entry.sequence !== null && `, number ${String(entry.sequence)}`}
        {entry.uid !== null && ` of recorder ${entry.uid}`}
        {entry.deliveries > 1 && `, delivered ${String(entry.deliveries)} times`}
      </p>
      {shown.length > 1 && <Others entries={entries} shown={shown} onPin={onPin} />}
      {entry.source === 'notice' ? (
        <Body sid={sid} entry={entry} />
      ) : (
        <pre>{JSON.stringify(entry.details, null, 2)}</pre>
      )}
    </div>
  );
}

const SOURCES: Record<TimelineEntry['source'], string> = {
  notice: 'a notification said',
  query: 'a query answered',
  registration: 'it was registered',
  stop: 'the answer to stop',
  bucket: 'a look into the bucket',
  call: 'a call that passed through',
  inference: 'the ledger concluded',
};

/** A mark of many: each can be looked at. */
function Others({ entries, shown, onPin }: Omit<DetailProps, 'sid' | 'shown'> & { shown: readonly number[] }) {
  return (
    <ul class="others" aria-label="All that this mark stands for">
      {shown.slice(0, MOST_LISTED).map((index) => (
        <li key={index}>
          <button type="button" class="link" onClick={() => onPin(index)}>
            <Time at={entries[index]?.at ?? null} as="ms" /> {inWords(entries[index]?.kind ?? '')}
          </button>
        </li>
      ))}
      {shown.length > MOST_LISTED && <li>and {number(shown.length - MOST_LISTED)} more: choose a shorter range</li>}
    </ul>
  );
}

function Body({ sid, entry }: { sid: string; entry: TimelineEntry }) {
  const { receivedAt, eventType, sequence, uid } = entry;
  const answer = useAnswer((signal) => findBody(sid, entry, signal), [sid, receivedAt, eventType, sequence, uid]);
  return (
    <Read answer={answer} empty={({ notice }) => (notice === null ? 'Its body is not kept any more.' : null)}>
      {({ notice }) => (
        <>
          <pre>{readable(notice?.body ?? '')}</pre>
          {notice?.masked === true && <p class="faint">Stream keys are hidden from a key that may only read.</p>}
        </>
      )}
    </Read>
  );
}

const LOOK_AT = 50;

/** A happening does not name its notification: it is the one of its number that came at that moment. */
async function findBody(sid: string, entry: TimelineEntry, signal: AbortSignal): Promise<{ notice: Notice | null }> {
  const fits = ({ eventType, sequence, uid }: Notice): boolean =>
    eventType === entry.eventType && sequence === entry.sequence && (entry.uid === null || uid === entry.uid);
  const list = ledger.value.sessions.notices(sid, { receivedFrom: entry.receivedAt, limit: LOOK_AT, signal });
  for await (const { notices } of list.pages()) return { notice: notices.find(fits) ?? null };
  return { notice: null };
}

/** As it came where it is no JSON; else with lines and indents, which change nothing that it says. */
function readable(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}
