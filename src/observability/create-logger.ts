import { pino, type Logger } from 'pino';

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

/** JSON lines on stdout; the message is an event's name. */
export function createLogger(level: string): Logger {
  return pino({
    level,
    base: null,
    redact: { paths: SECRET_PATHS, censor: '[secret]' },
    timestamp: pino.stdTimeFunctions.isoTime,
  });
}
