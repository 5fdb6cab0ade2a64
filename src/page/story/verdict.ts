import type { Gap, Session } from '../../client/index.js';
import { clock, dayAndClock, duration, inWords, plural } from '../state/format.js';

/** The story of a session in one sentence: what became of it, and when. */
export function verdictOf(session: Session): string {
  const { state, outcome, startedAt } = session;
  const started = startedAt === null ? '' : ` since ${dayAndClock(startedAt.at)}`;
  if (outcome === null) {
    return state === 'registered' ? 'Registered, and not seen alive yet.' : `It is alive: ${inWords(state)}${started}.`;
  }
  return `${OUTCOMES[outcome]} ${endOf(session)}`.trim();
}

const OUTCOMES: Record<NonNullable<Session['outcome']>, string> = {
  completed: 'It ended as intended.',
  vanished: 'It vanished: no source reported its end.',
  abnormal_exit: 'It broke off.',
  never_started: 'It never started.',
};

function endOf({ endedAt, startedAt }: Session): string {
  if (endedAt === null) return '';
  const { at, notBefore, notAfter } = endedAt;
  if (at !== null) {
    const lasted = startedAt === null ? '' : `, after ${duration(Date.parse(at) - Date.parse(startedAt.at))}`;
    return `The end was at ${dayAndClock(at)}${lasted}.`;
  }
  const seen = notBefore === null ? '' : `Last seen alive at ${dayAndClock(notBefore)}`;
  const over =
    notAfter === null ? '' : `over by ${seen === '' ? dayAndClock(notAfter) : clock(notAfter)} at the latest`;
  const told = [seen, over].filter((part) => part !== '').join(', ');
  return told === '' ? '' : `${told.charAt(0).toUpperCase()}${told.slice(1)}.`;
}

/** What was lost on the way, in one sentence; null where nothing is known to be. Gaps that filled late are no loss. */
export function lossOf({ findings }: Session, gaps: readonly Gap[]): string | null {
  const missing = gaps.filter(({ settledBy }) => settledBy !== 'notice').reduce((sum, { count }) => sum + count, 0);
  const parts = [
    ...(findings.some(({ code }) => code === 'exit_notice_lost') ? ['the notification of its exit'] : []),
    ...(findings.some(({ code }) => code === 'start_notice_lost') ? ['the notification of its start'] : []),
    ...(missing > 0 ? [plural(missing, 'numbered notification')] : []),
  ];
  return parts.length === 0 ? null : `Lost on the way: ${parts.join(', ')}.`;
}
