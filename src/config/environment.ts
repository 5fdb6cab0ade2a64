import type { Environment } from './parse-config.js';

/** The process's environment. Nothing outside this room reads it. */
export function environment(): Environment {
  return process.env;
}

/** Whether this is a script of npm's, or was started by one. */
export function isRunByNpm(): boolean {
  return process.env['npm_lifecycle_event'] !== undefined;
}

/** PGOPTIONS, PGSSLMODE and the like would otherwise change every connection that does not say otherwise. */
export function forgetPostgresVariables(): void {
  for (const name of Object.keys(process.env)) {
    if (/^PG[A-Z]+$/.test(name)) Reflect.deleteProperty(process.env, name);
  }
}
