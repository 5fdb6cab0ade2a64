import { useLocation } from 'preact-iso/router';
import { useRef } from 'preact/hooks';
import type { Session } from '../../client/index.js';
import { sessionAddress } from '../parts/search.js';
import { StatePill } from '../parts/state-pill.js';
import { Time } from '../parts/time.js';
import { duration, inWords } from '../state/format.js';

type RowsProps = { sessions: readonly Session[]; onHold: (isHeld: boolean) => void };

/** A pointer that has rested for so long points at nothing any more. */
const RESTED_MS = 4_000;

/** Rows with real links; arrows go from one to the next, Enter opens it, Esc leaves. */
export function SessionRows({ sessions, onHold }: RowsProps) {
  const { route } = useLocation();
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const hold = (): void => {
    onHold(true);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => onHold(false), RESTED_MS);
  };
  const release = (): void => {
    clearTimeout(timer.current);
    onHold(false);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const table = event.currentTarget as Element;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      hold();
      walk(table, step);
    }
    if (event.key === 'Escape' && document.activeElement instanceof HTMLElement) document.activeElement.blur();
  };
  return (
    <div class="frame sessions" onPointerMove={hold} onPointerLeave={release} onKeyDown={onKeyDown}>
      <table aria-label="Sessions">
        <thead>
          <tr>
            {COLUMNS.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {sessions.map((session) => (
            <Row key={session.sid} session={session} onOpen={route} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

const COLUMNS = ['Channel', 'State', 'Certainty', 'Started', 'Lasted', 'Upload', 'Needs a look', 'Session'];

type RowProps = { session: Session; onOpen: (url: string) => void };

function Row({ session, onOpen }: RowProps) {
  const { sid, cname, state, outcome, certainty, startedAt, upload, findings, gaps } = session;
  const looks = [
    ...(gaps.open > 0 ? [`${String(gaps.open)} gaps`] : []),
    ...new Set(findings.map(({ code }) => inWords(code))),
  ];
  const href = sessionAddress(sid);
  const open = (event: MouseEvent): void => {
    const isPlain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey;
    if (isPlain && !(event.target instanceof HTMLAnchorElement) && document.getSelection()?.isCollapsed === true)
      onOpen(href);
  };
  return (
    <tr data-sid={sid} onClick={open}>
      <th scope="row">
        <a href={href}>{cname ?? 'unknown'}</a>
      </th>
      <td>
        <StatePill state={state} outcome={outcome} />
      </td>
      <td>{certainty}</td>
      <td>
        <Time at={startedAt?.at ?? null} />
      </td>
      <td>{lasted(session)}</td>
      <td>{inWords(upload.state)}</td>
      <td class="looks-cell" title={looks.join(', ')}>
        {looks.slice(0, 2).join(', ')}
        {looks.length > 2 && ` +${String(looks.length - 2)}`}
      </td>
      <td class="mono">{sid}</td>
    </tr>
  );
}

function lasted({ startedAt, endedAt }: Session): string {
  const end = endedAt?.at ?? endedAt?.notAfter ?? null;
  if (startedAt === null || end === null) return endedAt === null && startedAt !== null ? 'goes on' : '';
  const atMost = endedAt?.at === null ? '≤ ' : '';
  return `${atMost}${duration(Date.parse(end) - Date.parse(startedAt.at))}`;
}

function walk(table: Element, step: number): void {
  const links = [...table.querySelectorAll<HTMLAnchorElement>('tbody a')];
  const at = links.findIndex((link) => link === document.activeElement);
  links[Math.min(Math.max(at + step, 0), links.length - 1)]?.focus();
}
