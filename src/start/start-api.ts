import { identityScopeOfApp, identityScopesOf } from '../config/accounts.js';
import type { PartlyReplayed } from '../http/api/api-context.js';
import { createApi } from '../http/api/create-api.js';
import { listen, type Listener } from '../http/listen.js';
import { leaseBudget } from '../asking/lease-budget.js';
import { addStopAnswer, requestQuery } from '../ledger/ledger-writes.js';
import { foldSession } from '../ledger/fold-sessions.js';
import { replayPart } from '../ledger/replay-quarantine.js';
import { requestLook } from '../ledger/record-look.js';
import { register } from '../ledger/register.js';
import { summarize } from '../jobs/summarize.js';
import { openPassThrough } from './open-pass-through.js';
import { manageEndpoints } from '../webhooks/manage-endpoints.js';
import type { Components } from './components.js';
import { readReadiness } from './readiness.js';

/** Starts the internal listener: API, summary, metrics. Takes over the `existing` listener, if there is one. */
export async function startApi(components: Components, existing: Listener | null): Promise<Listener> {
  const { config, db, clock, log, metrics, context, backend, queues, readReplica, webhooks } = components;
  const accounts = [...context.accounts.values()];
  const { now } = clock;
  const readSummary = () =>
    summarize({ db, accounts, rules: config.rules, targetMs: config.truthTargetMs, backend, queues, now });
  const passThrough = await openPassThrough(components);
  const app = createApi(
    {
      db,
      readOlder: readReplica.readOlder,
      now,
      log,
      metrics,
      stopping: context.stopping,
      rules: context.rules,
      configuredApps: accounts.flatMap(({ appIds }) => appIds),
      limits: new Map(accounts.map(({ name, limit }) => [name, limit])),
      identityScopes: identityScopesOf(config.accounts),
      writes: {
        register: (registration) => register(context, registration),
        addStopAnswer: (sid, raw) => addStopAnswer(context, sid, raw),
        requestQuery: (sid) => requestQuery(context, sid),
        requestLook: (sid) => requestLook(context, sid),
        replayQuarantine: (after, limit) => replayAndFold(components, after, limit),
        leaseBudget: (request) => leaseBudget(context, request),
      },
      webhooks: manageEndpoints(webhooks),
      readSummary,
      readReadiness: () => readReadiness(components),
    },
    config.api.keys,
    passThrough,
  );
  const listener = await listen(app, config.api.host, config.api.port, 'API_PORT', existing);
  const close = async (): Promise<void> => {
    await listener.close();
    await passThrough?.close();
  };
  return { ...listener, close };
}

/** What was taken in is folded when this returns; what its process leaves undone, the sweep finds. */
async function replayAndFold({ config, context }: Components, after: string, limit: number): Promise<PartlyReplayed> {
  const replayed = await replayPart(context, identityScopeOfApp(config.accounts), after, limit);
  for (const sid of replayed.sids) if (sid !== '') await foldSession(context, sid); // '': of another product
  return replayed;
}
