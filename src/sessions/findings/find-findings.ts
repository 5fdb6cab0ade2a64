import type { Finding } from '../verdict/session.js';
import { BUCKET_FINDINGS } from './bucket-findings.js';
import type { FindingCase, FindingRule } from './finding.js';
import { NOTIFICATION_FINDINGS } from './notification-findings.js';
import { QUERY_FINDINGS } from './query-findings.js';
import { RECORDER_FINDINGS } from './recorder-findings.js';
import { UPLOAD_FINDINGS } from './upload-findings.js';

/** Every finding there can be. docs/findings.md is generated from it. */
export const FINDING_RULES: readonly FindingRule[] = [
  ...NOTIFICATION_FINDINGS,
  ...RECORDER_FINDINGS,
  ...UPLOAD_FINDINGS,
  ...BUCKET_FINDINGS,
  ...QUERY_FINDINGS,
];

/** All findings of a session, oldest first. */
export function findFindings(session: FindingCase): readonly Finding[] {
  return FINDING_RULES.flatMap(({ code, find }) =>
    firstOf(find(session).map(({ atMs, message }) => ({ code, atMs, message }))),
  ).sort(inOrder);
}

/** Bounds the findings of one kind: a thousand say no more than ten, and every version of the session contains them. */
export const MOST_OF_A_KIND = 10;

function firstOf(found: readonly Finding[]): readonly Finding[] {
  if (found.length <= MOST_OF_A_KIND) return found;
  const sorted = found.toSorted(inOrder);
  const next = sorted[MOST_OF_A_KIND];
  const first = sorted.slice(0, MOST_OF_A_KIND);
  if (next === undefined) return first;
  const message = `And ${String(found.length - MOST_OF_A_KIND)} more of this kind.`;
  return [...first, { ...next, message }];
}

function inOrder(a: Finding, b: Finding): number {
  return a.atMs - b.atMs || compare(a.code, b.code) || compare(a.message, b.message);
}

function compare(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

/** The list of all findings, for people, as docs/findings.md holds it. */
export function findingsTable(): string {
  const rows = FINDING_RULES.map(({ code, means, advice }) => `| \`${code}\` | ${means} | ${advice} |`);
  return ['| code | means | what to do |', '| --- | --- | --- |', ...rows].join('\n');
}
