import { useMemo } from 'preact/hooks';
import type { LedgerClient, Session } from '../../client/index.js';
import { packLanes } from '../picture/pack-lanes.js';
import { Panel, Read } from '../parts/panel.js';
import { sessionAddress } from '../parts/search.js';
import { clock, number } from '../state/format.js';
import { ledger } from '../state/ledger.js';
import { useAnswer } from '../state/use-answer.js';
import { useQuery } from '../state/use-query.js';
import { useWidth } from '../story/use-width.js';

const DAY_MS = 86_400_000;
const PAGE = 500;
const MOST = 3_000;
const [LANE_PX, MOST_LANES] = [6, 30];

/** A day (UTC) as a strip of time with every session that started in it as a bar; opened on demand. */
export function DayStrip() {
  const { query, change } = useQuery();
  const day = /^\d{4}-\d\d-\d\d$/.test(query['day'] ?? '') ? query['day'] : undefined;
  if (day === undefined) {
    const today = new Date().toISOString().slice(0, 10);
    return (
      <p>
        <button type="button" onClick={() => change({ day: today })}>
          Show a day as a strip
        </button>
      </p>
    );
  }
  return <Strip day={day} onDay={(to) => change({ day: to })} />;
}

function Strip({ day, onDay }: { day: string; onDay: (day: string | null) => void }) {
  const beginMs = Date.parse(`${day}T00:00:00Z`);
  const answer = useAnswer((signal) => sessionsOfDay(ledger.value, beginMs, signal), [day], 15_000);
  const shifted = (days: number): string => new Date(beginMs + days * DAY_MS).toISOString().slice(0, 10);
  return (
    <Panel
      title={`Sessions that started on ${day} (UTC)`}
      aside={
        <>
          <button type="button" onClick={() => onDay(shifted(-1))}>
            Day before
          </button>{' '}
          <button type="button" onClick={() => onDay(shifted(1))}>
            Day after
          </button>{' '}
          <button type="button" onClick={() => onDay(null)}>
            Hide
          </button>
        </>
      }
    >
      <Read answer={answer} empty={({ sessions }) => (sessions.length === 0 ? 'None started on that day.' : null)}>
        {({ sessions, isWhole }) => (
          <>
            <Bars sessions={sessions} beginMs={beginMs} />
            {!isWhole && (
              <p class="faint">The newest {number(sessions.length)} of that day: filters and pages have the others.</p>
            )}
          </>
        )}
      </Read>
    </Panel>
  );
}

function Bars({ sessions, beginMs }: { sessions: readonly Session[]; beginMs: number }) {
  const [frame, width] = useWidth<HTMLDivElement>();
  const packed = useMemo(() => {
    const spans = sessions.flatMap((session) => spanOf(session, beginMs));
    return packLanes(spans, { width, fromMs: beginMs, toMs: beginMs + DAY_MS, mostLanes: MOST_LANES });
  }, [sessions, width, beginMs]);
  const height = packed.lanes * LANE_PX + 20;
  return (
    <div ref={frame} class="strip">
      {width > 0 && (
        <svg width={width} height={height} role="group" aria-label="Sessions of the day; the rows below list them">
          {[0, 6, 12, 18].map((hours) => (
            <g key={hours} class="tick">
              <path d={`M${String((width * hours) / 24)} 0V${String(height)}`} />
              <text x={(width * hours) / 24 + 3} y="12">
                {clock(beginMs + hours * 3_600_000).slice(0, 5)}
              </text>
            </g>
          ))}
          {packed.bars.map(({ of, x0, x1, lane }) => (
            <a key={of.sid} href={sessionAddress(of.sid)} tabindex={-1} aria-label={of.cname ?? of.sid}>
              <rect
                class={`strip-bar is-${of.outcome ?? of.state}`}
                x={x0}
                y={18 + lane * LANE_PX}
                width={Math.max(2, x1 - x0)}
                height={LANE_PX - 1}
              />
              <title>{`${of.cname ?? of.sid}: ${of.outcome ?? of.state}`}</title>
            </a>
          ))}
        </svg>
      )}
    </div>
  );
}

function spanOf(session: Session, beginMs: number) {
  const { startedAt, endedAt } = session;
  if (startedAt === null) return [];
  const end = endedAt?.at ?? endedAt?.notAfter ?? null;
  const toMs = end === null ? Math.min(Date.now(), beginMs + DAY_MS) : Date.parse(end);
  return [{ of: session, fromMs: Date.parse(startedAt.at), toMs }];
}

async function sessionsOfDay({ sessions }: LedgerClient, beginMs: number, signal: AbortSignal) {
  const found: Session[] = [];
  const filters = {
    startedFrom: new Date(beginMs).toISOString(),
    startedTo: new Date(beginMs + DAY_MS).toISOString(),
    limit: PAGE,
  };
  for await (const page of sessions.list(filters, { signal }).pages()) {
    found.push(...page.sessions);
    if (found.length >= MOST) return { sessions: found, isWhole: page.next === null };
  }
  return { sessions: found, isWhole: true };
}
