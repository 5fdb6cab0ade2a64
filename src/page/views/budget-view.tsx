import type { QueryUsage, Summary } from '../../client/index.js';
import { ColumnsChart } from '../parts/columns-chart.js';
import { Meter } from '../parts/meter.js';
import { Panel, Read } from '../parts/panel.js';
import { PeriodFields, TextField } from '../parts/period-fields.js';
import { Table } from '../parts/table.js';
import { amount, duration, hour, inWords, number, percent } from '../state/format.js';
import { ledger } from '../state/ledger.js';
import { useAnswer } from '../state/use-answer.js';
import { useQuery } from '../state/use-query.js';
import { QueryClasses } from './query-classes.js';

type Hour = QueryUsage['hours'][number];

const EVERY_MS = 10_000;

/** What of the queries that Agora allows is used, for what, and how far it carries. */
export function BudgetView() {
  const { query } = useQuery();
  const { from, to, account } = query;
  const asked = { from: from ?? dayAgo(), to, account };
  const usage = useAnswer((signal) => ledger.value.queryUsage(asked, { signal }), [from, to, account], EVERY_MS);
  const summary = useAnswer((signal) => ledger.value.summary({ signal }), [], EVERY_MS);
  return (
    <>
      <h1>Budget</h1>
      <Read answer={summary}>{(value) => <Forecast summary={value} />}</Read>
      <QueryClasses />
      <PeriodFields>
        <TextField name="account" label="Account" />
      </PeriodFields>
      <Panel title="Queries by hour" aside={from === undefined ? 'the last day' : undefined}>
        <Read answer={usage} empty={({ hours }) => (hours.length === 0 ? 'Nothing was asked in this time.' : null)}>
          {({ hours }) => <Hours hours={hours} />}
        </Read>
      </Panel>
    </>
  );
}

function dayAgo(): string {
  return new Date(Date.now() - 86_400_000).toISOString();
}

function Forecast({ summary: { truth, queries } }: { summary: Summary }) {
  const { targetMs, sessionsAtTarget, perSecondForTarget } = truth.forecast;
  const used = queries.lastMinute / 60;
  return (
    <Panel title="Now and ahead">
      <Meter
        label="Used in the last minute"
        value={used}
        most={queries.limitPerSecond}
        says={`${amount(used)} of ${amount(queries.limitPerSecond)} a second`}
      />
      <Meter
        label={`Live sessions, of those that a bound of ${duration(targetMs)} carries`}
        value={truth.liveSessions}
        most={sessionsAtTarget}
        says={`${number(truth.liveSessions)} of ${number(sessionsAtTarget)}`}
      />
      <p>
        {truth.boundMs === null
          ? 'Just now Agora cannot be asked, and nothing is promised.'
          : `At the present load no live session stays unverified for longer than ${duration(truth.boundMs)}.`}{' '}
        {perSecondForTarget === null
          ? `No limit is enough for ${duration(targetMs)}.`
          : `${duration(targetMs)} would take ${amount(perSecondForTarget)} queries a second.`}
        {queries.throttled > 0 && ` Agora answered ${number(queries.throttled)} times 429 in the last minute.`}
      </p>
    </Panel>
  );
}

function Hours({ hours }: { hours: readonly Hour[] }) {
  const names = [...new Set(hours.map((one) => one.hour))];
  const outcomes = [...new Set(hours.map(({ outcome }) => outcome))];
  const columns = names.map((name) => ({
    key: name,
    name: hour(name),
    parts: outcomes.map((outcome) => ({
      tone: outcome,
      name: inWords(outcome),
      value: hours
        .filter((one) => one.hour === name && one.outcome === outcome)
        .reduce((sum, one) => sum + one.queries, 0),
    })),
  }));
  return (
    <>
      <ColumnsChart
        label="Queries by hour and outcome"
        columns={columns}
        most={limitOf(hours)}
        mostName="Allowed an hour"
      />
      <ul class="legend" aria-label="Colours">
        {outcomes.map((outcome) => (
          <li key={outcome}>
            <span class={`swatch is-${outcome}`} aria-hidden="true" /> {inWords(outcome)}
          </li>
        ))}
      </ul>
      <Table
        label="Queries by hour, account and outcome"
        rows={hours.toReversed()}
        keyOf={(one) => `${one.hour} ${one.account} ${one.outcome}`}
        columns={[
          { name: 'Hour', show: (one) => hour(one.hour) },
          { name: 'Account', show: (one) => one.account },
          { name: 'Outcome', show: (one) => inWords(one.outcome) },
          { name: 'Queries', isNumber: true, show: (one) => number(one.queries) },
          {
            name: 'Of the limit',
            isNumber: true,
            show: (one) => (one.limit === null ? '' : percent(one.queries / one.limit)),
          },
        ]}
      />
    </>
  );
}

/** Of all accounts together; null where one of them is not configured here. */
function limitOf(hours: readonly Hour[]): number | null {
  const limits = new Map(hours.map(({ account, limit }) => [account, limit]));
  let sum = 0;
  for (const limit of limits.values()) {
    if (limit === null) return null;
    sum += limit;
  }
  return sum;
}
