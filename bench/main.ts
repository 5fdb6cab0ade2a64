import { foldProcesses } from './fold-processes.js';
import { feed } from './feed/feed.js';
import { growth } from './growth.js';
import { ingest } from './ingest.js';
import { passThrough } from './pass-through.js';
import { planner } from './planner.js';
import { reporting } from './reporting/reporting.js';
import { reads } from './reads/reads.js';
import { sustained } from './sustained.js';
import { webhooks } from './webhooks/webhooks.js';
import { wire } from './wire/wire.js';
import { truth } from './truth/truth.js';

/** Each benchmark measures side by side in one run; `npm run bench -- <name>` runs one of them. */
const BENCHMARKS: Readonly<Record<string, (args: readonly string[]) => Promise<void>>> = {
  'fold-processes': foldProcesses,
  feed,
  growth,
  ingest,
  'pass-through': passThrough,
  planner,
  reporting,
  reads,
  sustained,
  truth,
  webhooks,
  wire,
};

const given = process.argv.slice(2);
const names = given.filter((word) => !/^(--|\d)/.test(word));
const args = given.filter((word) => !names.includes(word));
const unknown = names.filter((name) => !(name in BENCHMARKS));
if (unknown.length > 0) {
  process.stderr.write(`No benchmark ${unknown.join(', ')}; there are: ${Object.keys(BENCHMARKS).join(', ')}\n`);
  process.exit(1);
}
for (const name of names.length > 0 ? names : Object.keys(BENCHMARKS)) await BENCHMARKS[name]?.(args);
process.exit(process.exitCode ?? 0);
