import { readFileSync } from 'node:fs';

const PAGE = new URL('../../docs/reporting.md', import.meta.url);

/** The statements of docs/reporting.md by the number of their question. */
export function reportingQuestions(): ReadonlyMap<number, string> {
  const page = readFileSync(PAGE, 'utf8');
  const found = [...page.matchAll(/^### (\d+)\. .*\n\n```sql\n([^`]*)```/gm)];
  return new Map(found.map(([, number, sql]) => [Number(number), sql ?? '']));
}
