import { readFile, writeFile } from 'node:fs/promises';

export const PAGE = new URL('../../../docs/reporting.md', import.meta.url);

/** A question of the page, as its statement asks it. */
export type Question = { number: number; title: string; sql: string };

export async function readQuestions(): Promise<Question[]> {
  const page = await readFile(PAGE, 'utf8');
  return [...page.matchAll(/^### (\d+)\. (.*)\n\n```sql\n([^`]*)```/gm)].map(([, number, title, sql]) => ({
    number: Number(number),
    title: title ?? '',
    sql: sql ?? '',
  }));
}

export type Answered = { number: number; text: string };

export async function writeAnswers(measured: string, answers: readonly Answered[]): Promise<void> {
  let page = await readFile(PAGE, 'utf8');
  page = page.replace(
    /(<!-- measured -->)[^]*?(<!-- \/measured -->)/,
    (_, begin, end) => `${begin}\n\n${measured}\n\n${end}`,
  );
  for (const { number, text } of answers) {
    const marked = new RegExp(`(<!-- answer ${String(number)} -->)[^]*?(<!-- /answer -->)`);
    page = page.replace(marked, (_, begin, end) => `${begin}\n\n${text}\n\n${end}`);
  }
  await writeFile(PAGE, page);
}
