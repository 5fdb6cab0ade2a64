import { Command, InvalidArgumentError } from 'commander';
import { environment } from '../config/environment.js';
import { lineOf, type Check } from './doctor/check.js';
import { examine } from './doctor/examine.js';
import { orExplain, print } from './with-config.js';

type Options = { publicUrl?: string; json?: true };

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('check settings, disks, database, Redis, Agora and clocks, and say what to do')
    .option('--public-url <url>', 'send a signed test notification to the receiver at this public address', httpUrl)
    .option('--json', 'an array of {check, status, found, advice}')
    .action((options: Options) => orExplain(() => diagnose(options)));
}

/** Lines come as they are found out; some take seconds. Exit status 1 where something failed. */
async function diagnose({ publicUrl, json }: Options): Promise<void> {
  const checks: Check[] = [];
  for await (const check of examine({ environment: environment(), publicUrl: publicUrl ?? null })) {
    checks.push(check);
    if (!json) print(lineOf(check));
  }
  if (json) print(JSON.stringify(checks, null, 2));
  if (checks.some(({ status }) => status === 'failed')) process.exitCode = 1;
}

function httpUrl(value: string): string {
  if (URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)) return value;
  throw new InvalidArgumentError('It must be a URL beginning with https:// or http://.');
}
