// `npm test [-- jest arguments]`. Jest runs ES modules only when Node is started with a flag.
//
// Without a path everything runs, in two parts: first what is fast, then the scenarios, which start whole
// processes and take longest. The second part runs whatever became of the first. `--outputFile` gets the sums of
// both.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const jest = createRequire(import.meta.url).resolve('jest/bin/jest');
const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
const args = process.argv.slice(2);

const WORKERS = 2;
/**
 * Scenarios run one at a time: each starts up to ten processes and measures in real time what they do, which two of
 * them on two cores spoil for each other.
 */
const PARTS = [
  { paths: ['test/layers', 'test/unit', 'test/integration'], workers: WORKERS },
  { paths: ['test/browser', 'test/scenarios'], workers: 1 },
];

const OUTPUT = /^--outputFile=(.*)$/;
/** Options of Jest that are given with a value of their own; every other word is a path. */
const WITH_VALUE = new Set(['-t', '--testNamePattern', '--testPathIgnorePatterns', '-w', '--maxWorkers']);
const paths = args.filter((arg, n) => !arg.startsWith('-') && !WITH_VALUE.has(args[n - 1] ?? ''));

/** One worker is this process itself: what a test leaves open must not keep it from ending. */
function run(paths, options, workers = WORKERS) {
  const chosen = args.some((arg) => /^(-w|-i$|--maxWorkers|--runInBand)/.test(arg)) ? [] : limits(workers);
  const { status } = spawnSync(process.execPath, [...flags, jest, ...chosen, ...paths, ...options], {
    cwd: dirname(dirname(fileURLToPath(import.meta.url))),
    stdio: 'inherit',
  });
  return status ?? 1;
}

function limits(workers) {
  return [`--maxWorkers=${workers}`, ...(workers === 1 ? ['--forceExit'] : [])];
}

/** What `.ci/run` reads of Jest's report, of all parts together. */
const SUMS = ['numPassedTests', 'numFailedTests', 'numPendingTests', 'numRuntimeErrorTestSuites', 'numTotalTests'];

function runInParts() {
  const output = OUTPUT.exec(args.find((arg) => OUTPUT.test(arg)) ?? '')?.[1];
  const sums = Object.fromEntries(SUMS.map((name) => [name, 0]));
  let worst = 0;
  for (const [n, { paths: part, workers }] of PARTS.entries()) {
    const file = output === undefined ? undefined : `${output}.${n}`;
    const options = args.map((arg) => (OUTPUT.test(arg) ? `--outputFile=${file}` : arg));
    worst = Math.max(worst, run(part, options, workers));
    if (file === undefined) continue;
    // A part that wrote nothing did not even begin, and counts as a failure of its own.
    const report = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { numRuntimeErrorTestSuites: 1 };
    for (const name of SUMS) sums[name] += report[name] ?? 0;
    rmSync(file, { force: true });
  }
  if (output !== undefined) writeFileSync(output, JSON.stringify(sums));
  return worst;
}

process.exitCode = paths.length > 0 ? run([], args) : runInParts();
