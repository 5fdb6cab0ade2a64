import { parseArgs } from 'node:util';
import type pg from 'pg';
import { formatRows, type Answer } from '../../src/cli/sql/format-rows.js';
import { connectReader } from '../../src/cli/sql/reader-connection.js';
import { closeDatabase } from '../../src/db/connection/database.js';
import { refreshRollups } from '../../src/db/reporting/refresh-rollups.js';
import { openBenchDatabase, withBenchServer } from '../bench-server.js';
import { print } from '../print.js';
import { fillMonth } from './fill.js';
import { readQuestions, writeAnswers, type Question } from './questions.js';

const SHOWN_ROWS = 5;
const TIMES = 3;

/** The ten questions of docs/reporting.md on a month of a million sessions, or `--sessions`; `--write` writes them there. */
export async function reporting(args: readonly string[]): Promise<void> {
  const { sessions, write } = optionsOf(args);
  await withBenchServer(async (server) => {
    const db = await openBenchDatabase(server, 'reporting');
    try {
      const filled = await fillMonth(db.pool, sessions, print);
      await db.pool.query(MARK_ALL);
      const begin = performance.now();
      let days = 0;
      for (let more = 1; more > 0; days += more) more = await refreshRollups(db);
      const perDay = (performance.now() - begin) / Math.max(days, 1);
      const size = `${filled.sessions.toLocaleString('en')} sessions and ${filled.notices.toLocaleString('en')} notifications`;
      const measured = `Measured on a month of ${size}; counting one of its days once took ${perDay.toFixed(0)} ms on average. Times are the best of ${String(TIMES)}, and include counting the newest day.`;
      print(measured);
      const own = new URL(server.url);
      own.pathname = '/reporting';
      const reader = await connectReader(own.href, 600);
      const answers = [];
      for (const question of await readQuestions()) answers.push(await ask(reader, question));
      await reader.end();
      if (write) await writeAnswers(measured, answers);
    } finally {
      await closeDatabase(db);
    }
  });
}

const MARK_ALL = `
insert into rollup_marks (kind, day)
select kind, (now() at time zone 'UTC')::date - n from generate_series(1, 31) as n
cross join unnest('{sessions,ends,deliveries}'::text[]) as kind`;

function optionsOf(args: readonly string[]): { sessions: number; write: boolean } {
  const options = { sessions: { type: 'string' }, write: { type: 'boolean' } } as const;
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true, strict: false });
  const given = typeof values.sessions === 'string' ? values.sessions : positionals[0];
  return { sessions: Number(given ?? 1_000_000), write: values.write === true };
}

async function ask(reader: pg.Client, { number, title, sql }: Question): Promise<{ number: number; text: string }> {
  const took: number[] = [];
  let answer: Answer = { columns: [], rows: [] };
  for (let n = 0; n < TIMES; n += 1) {
    const begin = performance.now();
    const types = { getTypeParser: () => (text: string) => text };
    const { fields, rows } = await reader.query<(string | null)[]>({ text: sql, rowMode: 'array', types });
    took.push(performance.now() - begin);
    answer = { columns: fields.map(({ name, dataTypeID }) => ({ name, type: dataTypeID })), rows };
  }
  const best = `${Math.min(...took).toFixed(0)} ms`;
  print(`  ${String(number).padStart(2)}  ${best.padStart(8)}  ${title}`);
  const shown = formatRows({ ...answer, rows: answer.rows.slice(0, SHOWN_ROWS) }, 'table')
    .split('\n')
    .slice(0, -2)
    .join('\n');
  return {
    number,
    text: `\`\`\`text\n${shown}\n\`\`\`\n\n${String(answer.rows.length)} rows, ${best}.`,
  };
}
