import { useState } from 'preact/hooks';
import { LedgerError, type Delivery, type LedgerClient, type Webhook } from '../../client/index.js';
import { Panel, Read } from '../parts/panel.js';
import { sessionAddress } from '../parts/search.js';
import { Table } from '../parts/table.js';
import { Time } from '../parts/time.js';
import { ledger } from '../state/ledger.js';
import { useAnswer } from '../state/use-answer.js';
import { useQuery } from '../state/use-query.js';

type DetailProps = { webhook: Webhook; onChanged: () => void };

const EVERY_MS = 5_000;
const SHOWN = 50;
const STATES = ['delivered', 'waiting', 'parked'] as const;
type State = (typeof STATES)[number];

/** One endpoint: what went out, what waits and what was given up; and what can be done about it. */
export function WebhookDetail({ webhook, onChanged }: DetailProps) {
  const { query, change } = useQuery();
  const state = STATES.find((one) => one === query['state']);
  const answer = useAnswer((signal) => firstOf(ledger.value, webhook.id, state, signal), [webhook.id, state], EVERY_MS);
  const onDone = (): void => {
    onChanged();
    answer.reload();
  };
  return (
    <Panel title={`Deliveries to ${webhook.url}`}>
      {webhook.problem !== null && <p class="trouble">{webhook.problem}</p>}
      <Actions webhook={webhook} onDone={onDone} />
      <div class="range" role="group" aria-label="Which deliveries">
        {[undefined, ...STATES].map((one) => (
          <button key={one} type="button" aria-pressed={one === state} onClick={() => change({ state: one ?? null })}>
            {one ?? 'all'}
          </button>
        ))}
      </div>
      <Read answer={answer} empty={(all) => (all.length === 0 ? 'None.' : null)}>
        {(all) => <Deliveries deliveries={all} />}
      </Read>
    </Panel>
  );
}

function Actions({ webhook: { id, state }, onDone }: { webhook: Webhook; onDone: () => void }) {
  const [told, setTold] = useState('');
  const { webhooks } = ledger.value;
  const run = (begin: () => Promise<unknown>, done: string) => (): void => {
    void begin()
      .then(
        () => setTold(done),
        (error: unknown) => setTold(wordsOf(error)),
      )
      .then(onDone);
  };
  return (
    <div class="actions">
      <button type="button" onClick={run(() => webhooks.sendTest(id), 'A test goes out.')}>
        Send a test
      </button>
      {state === 'active' ? (
        <button type="button" onClick={run(() => webhooks.pause(id), 'Paused: deliveries wait.')}>
          Pause
        </button>
      ) : (
        <button type="button" onClick={run(() => webhooks.resume(id), 'Resumed: what waited goes out.')}>
          Resume
        </button>
      )}
      <button type="button" onClick={run(() => webhooks.redrive(id), 'What was parked goes out again.')}>
        Redrive what is parked
      </button>
      <span class="told" role="status">
        {told}
      </span>
    </div>
  );
}

function wordsOf(error: unknown): string {
  if (error instanceof LedgerError && error.status === 403) return 'This key may only read.';
  return error instanceof Error ? error.message : String(error);
}

function Deliveries({ deliveries }: { deliveries: readonly Delivery[] }) {
  return (
    <Table
      label="Deliveries"
      rows={deliveries}
      keyOf={({ id }) => id}
      columns={[
        { name: 'Type', show: ({ type }) => type },
        { name: 'Session', show: ({ sid }) => sid !== null && <a href={sessionAddress(sid)}>{sid}</a> },
        { name: 'State', show: ({ state }) => state },
        { name: 'Tries', isNumber: true, show: ({ tries }) => tries },
        { name: 'Last answer', show: ({ lastStatus, lastError }) => lastError ?? lastStatus ?? '' },
        { name: 'When', show: ({ at }) => <Time at={at} /> },
        { name: 'Next try', show: ({ nextTryAt }) => <Time at={nextTryAt} /> },
      ]}
    />
  );
}

async function firstOf(
  { webhooks }: LedgerClient,
  id: string,
  state: State | undefined,
  signal: AbortSignal,
): Promise<readonly Delivery[]> {
  const filters = { limit: SHOWN, ...(state === undefined ? {} : { state: [state] }) };
  for await (const page of webhooks.deliveries(id, { ...filters, signal }).pages()) return page.deliveries;
  return [];
}
