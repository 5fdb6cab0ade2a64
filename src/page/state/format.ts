import { signal } from '@preact/signals';

/** Times are shown as the browser's user is used to, or in UTC, which logs and colleagues elsewhere use. */
const KEPT_AS = 'recording-ledger.utc';

export const isUtc = signal(localStorage.getItem(KEPT_AS) === '1');

export function showUtc(wanted: boolean): void {
  localStorage.setItem(KEPT_AS, wanted ? '1' : '0');
  isUtc.value = wanted;
}

const made = new Map<string, Intl.DateTimeFormat>();

function formatter(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const zone = isUtc.value ? { timeZone: 'UTC' } : {};
  const name = JSON.stringify({ ...options, ...zone });
  const format = made.get(name) ?? new Intl.DateTimeFormat(undefined, { ...options, ...zone });
  made.set(name, format);
  return format;
}

const CLOCK = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const;
const DAY = { day: '2-digit', month: 'short' } as const;

export function clock(at: string | number): string {
  return formatter(CLOCK).format(new Date(at));
}

export function clockWithMs(at: string | number): string {
  return formatter({ ...CLOCK, fractionalSecondDigits: 3 }).format(new Date(at));
}

export function day(at: string | number): string {
  return formatter({ ...DAY, year: 'numeric' }).format(new Date(at));
}

export function dayAndClock(at: string | number): string {
  return formatter({ ...DAY, ...CLOCK }).format(new Date(at));
}

export function hour(at: string | number): string {
  return formatter({ ...DAY, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(new Date(at));
}

const numbers = new Intl.NumberFormat();
const shares = new Intl.NumberFormat(undefined, { style: 'percent', maximumFractionDigits: 1 });
const amounts = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });

export function number(value: number): string {
  return numbers.format(value);
}

export function amount(value: number): string {
  return amounts.format(value);
}

export function percent(share: number): string {
  return shares.format(share);
}

/** `4 s`, `2 min`, `1 h 20 min`, `3 d`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 10) return `${amount(seconds)} s`;
  if (seconds < 120) return `${number(Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return `${number(minutes)} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 ? `${number(hours)} h` : `${number(hours)} h ${String(minutes % 60)} min`;
  return `${number(Math.round(hours / 24))} d`;
}

/** `vanished`, `abnormal exit`: words of the API as people read them. */
export function inWords(name: string): string {
  return name.replaceAll('_', ' ');
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${number(count)} ${count === 1 ? one : many}`;
}
