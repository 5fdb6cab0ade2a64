import type { Environment } from './parse-config.js';

/** The process's environment. Nothing outside this room reads it. */
export function environment(): Environment {
  return process.env;
}
