import { readBacklog } from '../db/evidence/pending-evidence.js';
import { countSetAside } from '../db/sessions/set-aside.js';
import { createApi } from '../http/api/create-api.js';
import { listen, type Listener } from '../http/listen.js';
import { leaseBudget } from '../asking/lease-budget.js';
import { addStopAnswer, requestQuery } from '../ledger/ledger-writes.js';
import { publishBudget } from '../asking/publish-budget.js';
import { register } from '../ledger/register.js';
import { publishSummary, summarize } from '../jobs/summarize.js';
import type { Components } from './components.js';
import { readReadiness } from './readiness.js';

/** Starts the internal listener: API, summary, metrics. Takes over the `existing` listener, if there is one. */
export async function startApi(components: Components, existing: Listener | null): Promise<Listener> {
  const { config, db, clock, log, metrics, context, backend, queues } = components;
  const accounts = [...context.accounts.values()];
  const { now } = clock;
  const readSummary = () =>
    summarize({ db, accounts, rules: config.rules, targetMs: config.truthTargetMs, backend, queues, now });
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
      readReadiness: () => readReadiness(components),
    },
    config.api.keys,
  );
  return listen(app, config.api.host, config.api.port, 'API_PORT', existing);
}
