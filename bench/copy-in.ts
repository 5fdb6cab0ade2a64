import { once } from 'node:events';
import type { Client, Connection, Submittable } from 'pg';

/** What `pg` can do and its types do not tell. */
type Copying = Connection & { sendCopyFromChunk: (chunk: Buffer) => void; endCopyFrom: () => void };

/** So much is handed over at a time, in characters. */
const CHUNK = 1_000_000;

export type Cell = string | number | boolean | Date | null;

/** Copies rows into a table, as fast as Postgres takes them. Returns how many. */
export async function copyIn(
  client: Client,
  table: string,
  columns: readonly string[],
  rows: Iterable<readonly Cell[]>,
): Promise<number> {
  const copy = new CopyIn(`copy ${table} (${columns.join(', ')}) from stdin`);
  client.query(copy);
  await copy.ready;
  let [text, count] = ['', 0];
  for (const row of rows) {
    text += `${row.map(cellText).join('\t')}\n`;
    count += 1;
    if (text.length < CHUNK) continue;
    await copy.send(text);
    text = '';
  }
  await copy.send(text);
  await copy.end();
  return count;
}

function cellText(cell: Cell): string {
  if (cell === null) return String.raw`\N`;
  if (cell instanceof Date) return cell.toISOString();
  return typeof cell === 'string' ? cell.replaceAll('\\', '\\\\').replaceAll('\n', '\\n') : String(cell);
}

/** The protocol of `copy … from stdin`, of which `pg` has the messages alone. */
class CopyIn implements Submittable {
  readonly ready: Promise<void>;
  private readonly over: Promise<void>;
  private connection: Copying | null = null;
  private isReady: () => void = () => undefined;
  private isOver: () => void = () => undefined;
  private fail: (error: Error) => void = () => undefined;
  private readonly text: string;

  constructor(text: string) {
    this.text = text;
    this.over = new Promise((resolve, reject) => {
      this.isOver = resolve;
      this.fail = reject;
    });
    this.ready = Promise.race([new Promise<void>((resolve) => (this.isReady = resolve)), this.over]);
  }

  submit(connection: Connection): void {
    this.connection = connection as Copying;
    connection.query(this.text);
  }

  async send(text: string): Promise<void> {
    const { connection } = this;
    if (connection === null || text === '') return;
    connection.sendCopyFromChunk(Buffer.from(text));
    if (connection.stream.writableNeedDrain) await Promise.race([once(connection.stream, 'drain'), this.over]);
  }

  end(): Promise<void> {
    this.connection?.endCopyFrom();
    return this.over;
  }

  handleCopyInResponse(): void {
    this.isReady();
  }

  handleError(error: Error): void {
    this.fail(error);
  }

  handleReadyForQuery(): void {
    this.isOver();
  }

  handleCommandComplete(): void {
    // The statement is over; the connection is ready for the next soon after.
  }
}
