import { createHash } from 'node:crypto';
import { DAY_MS, unixMs, type UnixMs } from '../../src/evidence/instant.js';
import { APP, CNAME, SID, START_MS, UID, type Template } from './template.js';

/** What each session has of its own. */
export type Self = { sid: string; app: string; cname: string; uid: string; startMs: UnixMs };

export const APPS = Array.from({ length: 20 }, (_, n) => `app-${String(n).padStart(2, '0')}`);
export const DAYS = 30;
/** The last of a thousand go on still. */
export const LIVE_OF_THOUSAND = 5;
const LIVE_SINCE_MS = 40 * 60_000;
const OVER_SINCE_MS = 2 * 3_600_000;
/** A channel is recorded again and again, some twenty times a month. */
const SESSIONS_PER_CHANNEL = 20;
const UIDS = 5_000;

export function sidOf(n: number): string {
  return createHash('md5')
    .update(`session ${String(n)}`)
    .digest('hex');
}

/** The `n`-th of so many sessions, in the order of their starts, over a month; large apps have most of them. */
export function selfOf(n: number, sessions: number, nowMs: number): Self {
  const over = Math.floor(sessions * (1 - LIVE_OF_THOUSAND / 1_000));
  const share = n < over ? n / over : (n - over) / (sessions - over);
  const [fromMs, lastsMs] =
    n < over
      ? [DAYS * DAY_MS - DAY_MS / 2, DAYS * DAY_MS - DAY_MS / 2 - OVER_SINCE_MS]
      : [LIVE_SINCE_MS, LIVE_SINCE_MS / 8];
  return {
    sid: sidOf(n),
    app: APPS[Math.floor(APPS.length * drawn(n, 1) ** 2)] ?? '',
    cname: `room-${String(Math.floor(drawn(n, 2) * Math.max(sessions / SESSIONS_PER_CHANNEL, 1)))}`,
    uid: String(100_000 + Math.floor(drawn(n, 3) * UIDS)),
    startMs: unixMs(Math.floor(nowMs - fromMs + share * lastsMs)),
  };
}

/** A share of one that is the same in every run. */
export function drawn(n: number, of: number): number {
  let x = Math.imul(n + 1, 0x9e3779b1) ^ Math.imul(of, 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d);
  x = Math.imul(x ^ (x >>> 12), 0x297a2d39);
  return ((x ^ (x >>> 15)) >>> 0) / 2 ** 32;
}

/** One of the kinds, as often as it has shares of a thousand. */
export function pick(templates: readonly Template[], n: number): Template {
  let left = drawn(n, 4) * 1_000;
  const found = templates.find(({ share }) => (left -= share) < 0) ?? templates[0];
  if (found === undefined) throw new Error('no kind of session to choose from');
  return found;
}

/** A text of a template, with all that is a session's own in it. */
export type Text = (self: Self) => string;

const OWN = new RegExp(`(1500\\d{9}|${SID}|${CNAME}|${APP}|${UID})`);

export function textOf(template: string): Text {
  const parts = template.split(OWN);
  return ({ sid, app, cname, uid, startMs }) => {
    const own: Record<string, string> = { [SID]: sid, [CNAME]: cname, [APP]: app, [UID]: uid };
    return parts
      .map((part, n) => (n % 2 === 0 ? part : (own[part] ?? String(Number(part) - START_MS + startMs))))
      .join('');
  };
}

/** A time of a template, as it is for this session. */
export function movedTo(self: Self, atMs: number): Date {
  return new Date(atMs - START_MS + self.startMs);
}
