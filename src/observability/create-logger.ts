import { pino, type Logger } from 'pino';
import { PinoPretty } from 'pino-pretty';

/** Fields that must never appear in a log, at whatever depth. */
const SECRET_PATHS = [
  'customerSecret',
  '*.customerSecret',
  'ncsSecrets',
  '*.ncsSecrets',
  'authorization',
  '*.authorization',
  'headers.authorization',
  'password',
  '*.password',
];

/** Where the log goes; stdout where nothing else is said. */
export type LogTarget = NodeJS.WritableStream & { isTTY?: boolean };

/** JSON lines, or on a terminal lines for people; the message is an event's name. */
export function createLogger(level: string, target: LogTarget = process.stdout): Logger {
  const options = {
    level,
    base: null,
    redact: { paths: SECRET_PATHS, censor: '[secret]' },
    timestamp: pino.stdTimeFunctions.isoTime,
  };
  if (target.isTTY === true) return pino(options, forPeople(target));
  // Of its own, stdout is written to at once, so that nothing is lost when the process ends.
  return target === process.stdout ? pino(options) : pino(options, target);
}

function forPeople(destination: NodeJS.WritableStream): NodeJS.WritableStream {
  return PinoPretty({ destination, translateTime: 'SYS:HH:MM:ss.l', singleLine: true });
}
