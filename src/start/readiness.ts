import type { SpoolSize } from '../intake/spool.js';
import { readReachablePace, slowAnswers } from '../asking/reachable-pace.js';
import { readRefused } from '../asking/refusals.js';
import { within } from '../timing/within.js';
import type { Readiness } from '../http/api/api-context.js';
import type { Components } from './components.js';

/** Health checks usually time out after a second. */
const ANSWER_WITHIN_MS = 800;
/** A spool that is this full counts as full: it has hardly any room left. */
const FULL_SHARE = 0.95;

type ReadyParts = Pick<Components, 'config' | 'db' | 'context' | 'backend' | 'queues' | 'readReplica' | 'intake'>;

/**
 * A process that receives is ready as long as it can keep notifications. Without Postgres or the queue the
 * spool is enough, and a load balancer that removed the process then would defeat the purpose of the spool.
 */
export async function readReadiness(components: ReadyParts): Promise<Readiness> {
  const [silent, ...found] = await Promise.all([findSilent(components), findRefused(components), findSlow(components)]);
  const { intake, config, backend, readReplica } = components;
  const aside = readReplica.warning();
  const warnings = [...found.flat(), ...backend.warnings(), ...(aside === null ? [] : [aside])];
  if (intake === null) return { obstacles: silent, warnings, spool: null };
  return readinessWhileSpooling(intake.spooled(), config.spoolMaxBytes, [...silent, ...warnings]);
}

/** Of a process that receives: all that is wrong is a warning while the spool has room. */
export function readinessWhileSpooling(spool: SpoolSize, maxBytes: number, wrong: readonly string[]): Readiness {
  const waits = `${String(spool.entries)} notifications wait in the spool`;
  const warnings = spool.entries === 0 ? wrong : [...wrong, waits];
  const isFull = spool.bytes >= maxBytes * FULL_SHARE;
  return { obstacles: isFull ? ['the spool is full'] : [], warnings, spool };
}

export const POSTGRES_SILENT = 'Postgres does not answer';

async function findSilent({ db, queues }: ReadyParts): Promise<string[]> {
  const checks: [string, Promise<unknown>][] = [
    [POSTGRES_SILENT, db.pool.query('select 1')],
    ['the queue does not answer', queues.fold.getJobCounts('waiting')],
  ];
  const answers = checks.map(([, check]) => within(ANSWER_WITHIN_MS, check));
  const results = await Promise.allSettled(answers);
  return checks.flatMap(([what], n) => {
    const result = results[n];
    if (result?.status === 'rejected') return [`${what} (${messageOf(result.reason)})`];
    return result?.value === 'late' ? [what] : [];
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Empty where they cannot be read; another check already says that Postgres is away. */
async function findRefused({ db, context }: ReadyParts): Promise<string[]> {
  const refused = await readInTime(readRefused(db, [...context.accounts.values()]));
  return (refused ?? []).map(({ account, appId, sinceMs, advice }) => {
    const what = appId === null ? `account ${account}` : `app ${appId} of account ${account}`;
    return `${what} is refused since ${new Date(sinceMs).toISOString()}: ${advice}`;
  });
}

async function findSlow({ db, context }: ReadyParts): Promise<string[]> {
  const paces = await readInTime(readReachablePace(db, [...context.accounts.values()]));
  return slowAnswers(paces ?? new Map());
}

async function readInTime<T>(reading: Promise<T>): Promise<T | null> {
  const read: { value: T | null } = { value: null };
  const done = reading.then(
    (value) => void (read.value = value),
    () => undefined,
  );
  await within(ANSWER_WITHIN_MS, done);
  return read.value;
}
