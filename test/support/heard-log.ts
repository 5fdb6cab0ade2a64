import { pino, type Logger } from 'pino';

export type HeardLog = {
  log: Logger;
  /** The lines of one event, as they were written. */
  lines: (event: string) => any[];
};

/** A log whose lines can be read. */
export function createHeardLog(): HeardLog {
  const written: any[] = [];
  const log = pino({ level: 'info', base: null }, { write: (line: string) => void written.push(JSON.parse(line)) });
  return { log, lines: (event) => written.filter(({ msg }) => msg === event) };
}
