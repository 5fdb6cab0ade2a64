import { createInterface } from 'node:readline/promises';
import type pg from 'pg';
import type { RowFormat } from './format-rows.js';
import { describe, errorText, runStatement } from './run-statement.js';

const FIRST = 'ledger=> ';
const FURTHER = 'ledger-> ';

export type Terminal = { input: NodeJS.ReadableStream; output: NodeJS.WritableStream; isInteractive: boolean };

/**
 * Reads statements up to a semicolon at the end of a line and answers each, until the input ends or `\q`. An
 * error is shown and the next statement read. Returns whether all of them succeeded.
 */
export async function readStatements(client: pg.Client, terminal: Terminal, format: RowFormat): Promise<boolean> {
  const { input, output, isInteractive } = terminal;
  const lines = createInterface(isInteractive ? { input, output, terminal: true } : { input });
  let statement = '';
  let succeeded = true;
  const prompt = (): void => {
    if (!isInteractive) return;
    lines.setPrompt(statement === '' ? FIRST : FURTHER);
    lines.prompt();
  };
  const answer = async (sql: string): Promise<void> => {
    const work = /^\\d\s*(\S*)$/.exec(sql.trim());
    try {
      output.write(work === null ? await runStatement(client, sql, format) : await describe(client, work[1] || null));
    } catch (error) {
      succeeded = false;
      output.write(errorText(error, sql));
    }
  };
  prompt();
  for await (const line of lines) {
    if (statement === '' && /^\s*(\\q|quit|exit)\s*;?\s*$/.test(line)) break;
    if (line.trim() !== '' || statement !== '') statement += `${line}\n`;
    if (isComplete(statement)) {
      await answer(statement.trimEnd());
      statement = '';
    }
    prompt();
  }
  lines.close();
  if (statement.trim() !== '') await answer(statement);
  return succeeded;
}

/** A semicolon inside of a text or a comment does not end a statement, unless the line ends with it all the same. */
function isComplete(statement: string): boolean {
  const begun = statement.trim();
  if (begun.startsWith('\\')) return true;
  return begun.endsWith(';') && (begun.match(/'/g)?.length ?? 0) % 2 === 0;
}
