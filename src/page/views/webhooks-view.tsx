import type { LedgerClient, Webhook } from '../../client/index.js';
import { Panel, Read } from '../parts/panel.js';
import { Table } from '../parts/table.js';
import { Ago } from '../parts/time.js';
import { ledger } from '../state/ledger.js';
import { useAnswer } from '../state/use-answer.js';
import { useQuery } from '../state/use-query.js';
import { troubleOf } from './endpoints-behind.js';
import { WebhookDetail } from './webhook-detail.js';

const EVERY_MS = 5_000;
const SHOWN = 100;

/** Endpoints of outgoing webhooks: whether each is up to date, and its deliveries. */
export function WebhooksView() {
  const { query, change } = useQuery();
  const answer = useAnswer((signal) => firstOf(ledger.value, signal), [], EVERY_MS);
  const chosen = answer.value?.find(({ id }) => id === query['id']);
  return (
    <>
      <h1>Webhooks</h1>
      <Panel title="Endpoints">
        <Read answer={answer} empty={(all) => (all.length === 0 ? NONE : null)}>
          {(all) => (
            <Table
              label="Endpoints"
              rows={all}
              keyOf={({ id }) => id}
              columns={[
                {
                  name: 'Address',
                  show: ({ id, url }) => (
                    <button type="button" class="link" onClick={() => change({ id })} aria-pressed={id === query['id']}>
                      {url}
                    </button>
                  ),
                },
                { name: 'For', show: ({ description }) => description ?? '' },
                { name: 'Types', show: ({ types }) => types?.join(', ') ?? 'all' },
                { name: 'State', show: stateOf },
                { name: 'Last delivered', show: ({ deliveredAt }) => <Ago at={deliveredAt} /> },
              ]}
            />
          )}
        </Read>
      </Panel>
      {chosen !== undefined && <WebhookDetail key={chosen.id} webhook={chosen} onChanged={answer.reload} />}
    </>
  );
}

const NONE = 'There is none. POST /v1/webhooks makes one, and answers the secret that signs its deliveries.';

function stateOf(webhook: Webhook) {
  const trouble = troubleOf(webhook);
  if (trouble !== null) return <span class="pill is-failed">! {trouble}</span>;
  return <span class={`pill ${webhook.state === 'active' ? 'is-recording' : 'is-stopping'}`}>{webhook.state}</span>;
}

async function firstOf({ webhooks }: LedgerClient, signal: AbortSignal): Promise<readonly Webhook[]> {
  for await (const page of webhooks.list({ limit: SHOWN, signal }).pages()) return page.webhooks;
  return [];
}
