import type { Summary } from '../../client/index.js';
import { Panel, Read } from '../parts/panel.js';
import { Table } from '../parts/table.js';
import { Ago, Time } from '../parts/time.js';
import { inWords } from '../state/format.js';
import { ledger } from '../state/ledger.js';
import { useAnswer } from '../state/use-answer.js';
import { setUpSteps, type Step } from './set-up-steps.js';

const EVERY_MS = 2_000;

/** What has to be set up, turning green step by step; accounts and apps as configured; what is refused and why. */
export function SetUpView() {
  const summary = useAnswer((signal) => ledger.value.summary({ signal }), [], EVERY_MS);
  const steps = useAnswer((signal) => setUpSteps(ledger.value, signal), [], EVERY_MS);
  return (
    <>
      <h1>Set-up</h1>
      <Panel title="Step by step">
        <Read answer={steps}>{(list) => <Steps steps={list} />}</Read>
      </Panel>
      <Read answer={summary}>
        {(value) => (
          <>
            <Accounts accounts={value.accounts} />
            <Refused receiver={value.receiver} />
          </>
        )}
      </Read>
    </>
  );
}

function Steps({ steps }: { steps: readonly Step[] }) {
  const next = steps.findIndex(({ isDone }) => !isDone);
  return (
    <ol class="steps" aria-live="polite">
      {steps.map(({ name, isDone, says }, index) => (
        <li key={name} class={isDone ? 'is-done' : index === next ? 'is-next' : ''}>
          <span class="step-sign" aria-hidden="true">
            {isDone ? '✓' : index + 1}
          </span>
          <div>
            <strong>{name}</strong> <span class="pill">{isDone ? 'done' : 'to do'}</span>
            <p>{says}</p>
          </div>
        </li>
      ))}
    </ol>
  );
}

function Accounts({ accounts }: { accounts: Summary['accounts'] }) {
  const rows = accounts.flatMap(({ name, apps, ...account }) => [
    { ...account, key: name, account: name, app: null },
    ...apps.map((app) => ({ ...app, key: `${name} ${app.appId}`, account: name, app })),
  ]);
  return (
    <Panel title="Accounts and apps, as configured">
      {rows.length === 0 && <p class="empty">None: set AGORA_APP_ID and its credentials, or AGORA_CONFIG_FILE.</p>}
      {rows.length > 0 && (
        <Table
          label="Accounts and apps"
          rows={rows}
          keyOf={({ key }) => key}
          columns={[
            { name: 'Account', show: ({ account }) => account },
            { name: 'App', show: ({ app }) => (app === null ? 'all' : <span class="mono">{app.appId}</span>) },
            {
              name: 'Can be asked',
              show: ({ state, reason }) => `${state}${reason === null ? '' : `: ${inWords(reason)}`}`,
            },
            { name: 'Last notification', show: ({ app }) => (app === null ? '' : <Ago at={app.lastNoticeAt} />) },
            { name: 'Last refused', show: ({ app }) => (app === null ? '' : <Ago at={app.lastRejectedAt} />) },
            { name: 'What to do', show: ({ advice }) => advice ?? '' },
          ]}
        />
      )}
    </Panel>
  );
}

function Refused({ receiver: { rejections, lastTestAt } }: { receiver: Summary['receiver'] }) {
  return (
    <Panel title="What the receiver refused, and why">
      <p>
        Last test notification of Agora's console:{' '}
        <strong>
          <Ago at={lastTestAt} />
        </strong>
      </p>
      {rejections.length === 0 && <p class="empty">Nothing was refused.</p>}
      {rejections.length > 0 && (
        <Table
          label="Refused requests"
          rows={rejections}
          keyOf={({ appId, reason }) => `${String(appId)} ${reason}`}
          columns={[
            { name: 'App', show: ({ appId }) => appId ?? 'none that is configured' },
            { name: 'Why', show: ({ reason }) => inWords(reason) },
            { name: 'Last', show: ({ lastAt }) => <Time at={lastAt} /> },
            { name: 'What to do', show: ({ advice }) => advice },
          ]}
        />
      )}
    </Panel>
  );
}
