import { environment } from '../config/environment.js';
import { parseConfig, type Config } from '../config/parse-config.js';

/** The configuration, or a thrown message with one line for each wrong setting. */
export function readConfig(changes: Readonly<Record<string, string | undefined>> = {}): Config {
  const parsed = parseConfig({ ...environment(), ...changes });
  if (parsed.ok) return parsed.config;
  throw new Error(parsed.problems.join('\n'));
}

/** Runs a command's work; a failure is its message on stderr and exit status 1. */
export async function orExplain(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}

export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
