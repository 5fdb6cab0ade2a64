import { jest } from '@jest/globals';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '../../src/embedded/embedded-postgres.js';
import { freePort } from '../../src/embedded/free-port.js';
import { findPostgresPrograms } from '../support/find-postgres-programs.js';
import { createTestFolder } from '../support/folder.js';
import { clearAfterEach } from '../support/leftovers.js';
import { startOwnRedis } from '../support/own-redis.js';
import type { TestProcess } from '../support/processes.js';
import { openReaderShell, type Done, type ReaderShell } from '../support/reader-shell.js';
import { COMMANDS } from '../../src/cli/commands.js';
import { holds, namedCommands, readReadme, stepsOf, type Shown, type Step } from '../support/readme.js';
import { redisUrl } from '../support/redis.js';
import { startStubAgora } from '../support/stub-agora.js';
import { waitFor } from '../support/wait-for.js';

jest.setTimeout(300_000);

const README = readReadme();
const PATIENCE_MS = 60_000;
/** The newest result of a read comes a moment after what causes it. */
const SOON_MS = 15_000;

/** Blocks that are not run, each with the reason. */
const NOT_RUN: ReadonlyMap<string, string> = new Map([
  ['npm ci', 'whoever runs this has done it, and so has .ci/run in a fresh clone; it needs the network'],
]);

/** Commands within sentences that are not run, each with the reason. */
const NAMED_ONLY: ReadonlyMap<string, string> = new Map([
  ['npm ci', 'as above'],
  ['rm -r .data', 'it removes a folder'],
  ['docker compose up', 'it needs Docker'],
  ['docker compose --profile tls up', 'it needs Docker and a host name'],
  ['docker compose run --rm receiver node dist/cli/main.js doctor', 'it needs Docker'],
  [
    'curl -N -H "Authorization: Bearer $KEY" "$API/v1/changes/stream?after=0&state=ended,failed"',
    'a stream without an end; test/integration/feed-stream.test.ts reads it',
  ],
]);

const postgresPrograms = findPostgresPrograms();
const isWhole = postgresPrograms !== null && redisUrl() !== null;
if (!isWhole && process.env['REQUIRE_REDIS'] === '1')
  throw new Error('The README needs a Postgres of its own and Redis.');
const describeWithServers = isWhole ? describe : describe.skip;

const leftovers = clearAfterEach();

/** What a reader has: free ports, a Postgres and a Redis of his own, and something in Agora's place. */
async function openReader(): Promise<ReaderShell> {
  const binDir = postgresPrograms ?? '';
  const dataDir = await createTestFolder('own-postgres-');
  const postgres = await startEmbeddedPostgres({ dataDir, binDir, log: () => undefined, settings: { fsync: 'off' } });
  const [agora, redis] = await Promise.all([startStubAgora(), startOwnRedis()]);
  leftovers.push(postgres.stop, redis.kill, agora.close);
  const admin = new URL(postgres.url);
  const ports = await Promise.all(Array.from({ length: 5 }, () => freePort('127.0.0.1')));
  const [receiver, api, ops, apiOps, jobsOps] = ports.map(String) as [string, string, string, string, string];
  return openReaderShell({
    PATH: `${binDir}:${process.env['PATH'] ?? ''}`,
    PGHOST: admin.hostname,
    PGPORT: admin.port,
    PGUSER: admin.username,
    PGPASSWORD: decodeURIComponent(admin.password),
    REDIS_PORT: new URL(redis.url).port,
    AGORA_BASE_URLS: agora.url,
    PUBLIC_URL: `http://127.0.0.1:${receiver}`,
    RECEIVER_PORT: receiver,
    API_PORT: api,
    OPS_PORT: ops,
    API_OPS_PORT: apiOps,
    JOBS_OPS_PORT: jobsOps,
  });
}

/** Follows the steps, and holds what runs meanwhile. */
function createFollower(shell: ReaderShell) {
  const running: TestProcess[] = [];
  const stop = async (): Promise<void> => {
    for (const one of running) one.kill('SIGTERM');
    await Promise.all(running.splice(0).map(async ({ ended }) => ended));
  };
  const start = async (lines: readonly string[]): Promise<void> => {
    const started = lines.map((line) => shell.start(line));
    running.push(...started);
    const isDemo = lines.some((line) => line.includes('demo'));
    await Promise.all(started.map((one) => one.says(isDemo ? /API +http/ : /service\.started/, PATIENCE_MS)));
    if (isDemo) await stop();
  };
  return async (step: Step): Promise<void> => {
    switch (step.kind) {
      case 'run':
        return runAndCompare(shell, step.text, step.shown);
      case 'lasting':
        return start(step.lines);
      case 'stop':
        return stop();
      case 'code':
        return runCode(shell, step.text);
      case 'once':
        return;
    }
  };
}

async function runAndCompare(shell: ReaderShell, text: string, shown: Shown | null): Promise<void> {
  const attempt = async (): Promise<true> => {
    const done = await shell.run(text);
    const faults = done.statuses.filter((status) => status >= 300);
    if (done.code !== 0 || faults.length > 0 || !showsAsItSays(done, shown)) throw notAsItSays(text, done, shown);
    return true;
  };
  // What only reads may be run again.
  if (!isRead(text)) await attempt();
  else await waitFor(attempt, { deadlineMs: SOON_MS, what: text });
}

function isRead(text: string): boolean {
  return /^curl -s (?!.*( -d| -X))/.test(text) && text.trim().split('\n').length === 1;
}

function showsAsItSays({ stdout }: Done, shown: Shown | null): boolean {
  if (shown === null) return true;
  if (shown.language === 'json') return holds(JSON.parse(stdout), JSON.parse(shown.text));
  const words = (line: string): string => line.trim().replaceAll(/\s+/g, ' ');
  const came = stdout.split('\n').map(words);
  return shown.text
    .trim()
    .split('\n')
    .every((line) => came.includes(words(line)));
}

function notAsItSays(text: string, { code, stdout, stderr }: Done, shown: Shown | null): Error {
  return new Error(
    `${text}\nexit ${String(code)}\n${stdout}\n${stderr}\nThe README shows: ${shown?.text ?? 'nothing'}`,
  );
}

/** A snippet of a reader's own program: what it needs around it, and no answer may be an error. */
async function runCode(shell: ReaderShell, text: string): Promise<void> {
  const around = `
    const { API: ledgerUrl, KEY: key, AGORA_APP_ID: appId } = process.env;
    const [cname, uid] = ['lesson-2', '900002'];
    const startRecording = async () => ({ sid: 'of-a-program', resourceId: 'of-a-program' });
    const ask = globalThis.fetch;
    globalThis.fetch = async (...request) => {
      const response = await ask(...request);
      if (!response.ok) throw new Error(String(response.status) + await response.text());
      return response;
    };
  `;
  await writeFile(join(shell.folder, 'snippet.mjs'), around + text);
  await runAndCompare(shell, 'node snippet.mjs', null);
}

describeWithServers('whoever follows the README', () => {
  it('gets from every command, in its order, what it says', async () => {
    const shell = await openReader();
    const follow = createFollower(shell);
    try {
      for (const step of stepsOf(README)) await follow(step);
    } finally {
      await follow({ kind: 'stop' });
    }
  });
});

describe('the README', () => {
  it('holds no block that nobody runs, but for those with a reason', () => {
    const once = stepsOf(README).flatMap((step) => (step.kind === 'once' ? [step.text] : []));
    expect(once.sort()).toEqual([...NOT_RUN.keys()].sort());
  });

  it('names within its sentences only commands that are run as well, or that are there', () => {
    const blocks = stepsOf(README).map((step) =>
      'text' in step ? step.text : 'lines' in step ? step.lines.join('\n') : '',
    );
    const isRun = (command: string): boolean => blocks.some((text) => text.includes(command));
    const others = namedCommands(README).filter((command) => !isRun(command) && !NAMED_ONLY.has(command));
    expect(others.filter((command) => !isOurs(command))).toEqual([]);
  });

  it('lists every command of the program', () => {
    const listed = [...README.matchAll(/^\| `recording-ledger ([\w-]+)/gm)].map(([, name]) => name);
    expect(listed.sort()).toEqual(Object.keys(COMMANDS).sort());
  });
});

/** A command of our own with its options left to the reader. */
function isOurs(command: string): boolean {
  return (
    /^recording-ledger [\w-]+( --to)?( <[\w.]+>)?$/.test(command) ||
    /^npm run (ledger|demo) -- (<command>|--help)$/.test(command)
  );
}
