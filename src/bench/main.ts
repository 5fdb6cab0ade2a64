import { ingest } from './ingest.js';

/** Each benchmark measures side by side in one run; `npm run bench -- <name>` runs one of them. */
const BENCHMARKS: Readonly<Record<string, () => Promise<void>>> = { ingest };

const names = process.argv.slice(2);
const unknown = names.filter((name) => !(name in BENCHMARKS));
if (unknown.length > 0) {
  process.stderr.write(`No benchmark ${unknown.join(', ')}; there are: ${Object.keys(BENCHMARKS).join(', ')}\n`); // prettier-ignore
  process.exit(1);
}
for (const name of names.length > 0 ? names : Object.keys(BENCHMARKS)) await BENCHMARKS[name]?.();
process.exit(process.exitCode ?? 0);
