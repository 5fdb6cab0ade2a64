import { progress } from '@clack/prompts';

export type ShownProgress = { advance: (rows: number) => void; stop: () => void };

/** A bar on a terminal, and nothing elsewhere. On standard error, for the rows may go to standard output. */
export async function showProgress(said: string, count: () => Promise<number>): Promise<ShownProgress> {
  const output = process.stderr;
  if (!output.isTTY) return { advance: () => undefined, stop: () => undefined };
  const total = await count();
  const bar = progress({ max: Math.max(total, 1), output });
  let done = 0;
  bar.start(said);
  return {
    advance: (rows) => {
      done += rows;
      bar.advance(rows, `${said}: ${done.toLocaleString('en')} of ${total.toLocaleString('en')}`);
    },
    stop: () => {
      bar.stop(said);
    },
  };
}
