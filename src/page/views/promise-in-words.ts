import type { Summary } from '../../client/index.js';
import { duration, number, percent, plural } from '../state/format.js';

export type PromiseInWords = { isKept: boolean; sentence: string; more: string | null };

/** The promise of the ledger in a sentence: whether every live session was looked at in time, or what is in the way. */
export function promiseOf({ truth, staleness, accounts }: Summary): PromiseInWords {
  const { liveSessions, boundMs, verifiedWithinBound, notVerifiable, notQueryable } = truth;
  const more = restOf(notQueryable, notVerifiable.sessions);
  if (boundMs === null) {
    const trouble = accounts.find(({ state }) => state !== 'ok');
    const why =
      trouble === undefined ? 'no account is configured that could be asked' : `${trouble.name} is ${trouble.state}`;
    return { isKept: false, sentence: `Nothing is promised just now: Agora cannot be asked (${why}).`, more };
  }
  if (liveSessions === 0) return { isKept: true, sentence: 'No session is live that could be asked about.', more };
  const bound = duration(boundMs);
  const longest = `The longest wait just now is ${duration(staleness.maxMs)}.`;
  if (verifiedWithinBound === null || verifiedWithinBound >= 1) {
    const sentence =
      liveSessions === 1
        ? `The one live session was verified within the last ${bound}.`
        : `All ${number(liveSessions)} live sessions were verified within the last ${bound}.`;
    return { isKept: true, sentence, more: more === null ? longest : `${longest} ${more}` };
  }
  const late = Math.max(1, Math.round(liveSessions * (1 - verifiedWithinBound)));
  const sentence = `${plural(late, 'live session was', 'live sessions were')} not verified within the last ${bound}, of ${number(liveSessions)}.`;
  return { isKept: false, sentence, more: `${percent(verifiedWithinBound)} were. ${longest}` };
}

function restOf(notQueryable: number, notVerifiable: number): string | null {
  const rest = Math.max(notQueryable, notVerifiable);
  if (rest === 0) return null;
  return `Of ${plural(rest, 'more that is not over', 'more that are not over')} nothing is promised: Agora cannot be asked about ${rest === 1 ? 'it' : 'them'}.`;
}
