import type { Db } from '../db/database.js';
import { readBacklog } from '../db/pending-evidence.js';
import { countSetAside } from '../db/set-aside.js';
import { createApi } from '../http/api/create-api.js';
import { listen, type Listener } from '../http/listen.js';
import type { Intake } from '../intake/open-intake.js';
import type { Account } from '../jobs/account.js';
import { leaseBudget } from '../jobs/lease-budget.js';
import { addStopAnswer, requestQuery } from '../jobs/ledger-writes.js';
import { publishBudget } from '../jobs/publish-budget.js';
import { readRefused } from '../jobs/refusals.js';
import { register } from '../jobs/register.js';
import type { JobQueues } from '../jobs/start-jobs.js';
import { publishSummary, summarize } from '../jobs/summarize.js';
import type { Parts } from './parts.js';

/** The internal listener: API, summary, metrics. `standing`: the one that stands there already, if any. */
export async function startApi(parts: Parts, standing: Listener | null): Promise<Listener> {
  const { config, db, clock, log, metrics, context, backend, queues, intake } = parts;
  const accounts = [...context.accounts.values()];
  const { now } = clock;
  const readSummary = () => summarize({ db, accounts, rules: config.rules, targetMs: config.truthTargetMs, backend, queues, now }); // prettier-ignore
  const app = createApi(
    {
      db,
      now,
      log,
      metrics,
      rules: context.rules,
      writes: {
        register: (registration) => register(context, registration),
        addStopAnswer: (sid, raw) => addStopAnswer(context, sid, raw),
        requestQuery: (sid) => requestQuery(context, sid),
        leaseBudget: (request) => leaseBudget(context, request),
      },
      readSummary,
      refreshGauges: async () => {
        publishSummary(metrics, await readSummary());
        metrics.pendingEvidence.set((await readBacklog(db.pool)).waiting);
        metrics.setAside.set(await countSetAside(db.pool));
        await publishBudget(metrics, db, accounts);
      },
      findObstacles: () => findObstacles(db, queues, intake),
      findWarnings: () => findWarnings(db, accounts),
    },
    config.api.keys,
  );
  return listen(app, config.api.host, config.api.port, 'API_PORT', standing);
}

async function findObstacles(db: Db, queues: JobQueues, intake: Intake | null): Promise<string[]> {
  const checks: [string, Promise<unknown>][] = [
    ['Postgres does not answer', db.pool.query('select 1')],
    ['the queue does not answer', queues.fold.getJobCounts('waiting')],
  ];
  const results = await Promise.allSettled(checks.map(([, check]) => check));
  const silent = checks.flatMap(([obstacle], index) =>
    results[index]?.status === 'rejected' ? [obstacle] : [],
  );
  const spooled = intake?.spooled().entries ?? 0;
  return spooled === 0 ? silent : [...silent, waitInSpool(spooled)];
}

async function findWarnings(db: Db, accounts: readonly Account[]): Promise<string[]> {
  const refused = await readRefused(db, accounts);
  return refused.map(({ account, appId, sinceMs, advice }) => {
    const what = appId === null ? `account ${account}` : `app ${appId} of account ${account}`;
    return `${what} is refused since ${new Date(sinceMs).toISOString()}: ${advice}`;
  });
}

/** The obstacle that notifications are which the ledger does not have yet. */
export function waitInSpool(entries: number): string {
  return `${String(entries)} notifications wait in the spool`;
}
