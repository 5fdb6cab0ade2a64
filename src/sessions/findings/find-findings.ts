import type { Finding } from '../session.js';
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
  ...QUERY_FINDINGS,
];

/** All findings of a session, oldest first. */
export function findFindings(session: FindingCase): readonly Finding[] {
  return FINDING_RULES.flatMap(({ code, find }) =>
    find(session).map(({ atMs, message }) => ({ code, atMs, message })),
  ).sort((a, b) => a.atMs - b.atMs || compare(a.code, b.code) || compare(a.message, b.message));
}

function compare(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

/** The list of all findings, for people, as docs/findings.md holds it. */
export function findingsTable(): string {
  const rows = FINDING_RULES.map(
    ({ code, means, advice }) => `| \`${code}\` | ${means} | ${advice} |`,
  );
  return ['| code | means | what to do |', '| --- | --- | --- |', ...rows].join('\n');
}
