import type { DeliveryQuality } from '../../client/index.js';
import { ColumnsChart } from '../parts/columns-chart.js';
import { Panel, Read } from '../parts/panel.js';
import { PeriodFields, TextField } from '../parts/period-fields.js';
import { Table } from '../parts/table.js';
import { number, percent } from '../state/format.js';
import { ledger } from '../state/ledger.js';
import { useAnswer } from '../state/use-answer.js';
import { useQuery } from '../state/use-query.js';
import { Quarantine } from './quarantine.js';

type Day = DeliveryQuality['days'][number];

const EVERY_MS = 15_000;

/** How well notifications come through: what is lost, doubled and late, day by day. */
export function DeliveryView() {
  const { query } = useQuery();
  const { from, to, appId } = query;
  const asked = { from, to, appId };
  const answer = useAnswer((signal) => ledger.value.deliveryQuality(asked, { signal }), [asked], EVERY_MS);
  return (
    <>
      <h1>Delivery</h1>
      <PeriodFields>
        <TextField name="appId" label="App" />
      </PeriodFields>
      <Panel title="Lost, doubled and late" aside="days in UTC">
        <Read answer={answer} empty={({ days }) => (days.length === 0 ? 'Nothing came in this time.' : null)}>
          {({ days }) => (
            <>
              <ColumnsChart label="Lost, doubled and late notifications a day" columns={columnsOf(days)} />
              <DaysTable days={days} />
            </>
          )}
        </Read>
      </Panel>
      <Quarantine />
    </>
  );
}

/** Of all apps together; the table tells them apart. */
function columnsOf(days: readonly Day[]) {
  return [...new Set(days.map(({ day }) => day))].map((day) => {
    const ofDay = days.filter((one) => one.day === day);
    const sum = (of: 'lost' | 'duplicates' | 'late'): number => ofDay.reduce((total, one) => total + one[of], 0);
    return {
      key: day,
      name: day,
      parts: [
        { tone: 'lost', name: 'lost', value: sum('lost') },
        { tone: 'late', name: 'late', value: sum('late') },
        { tone: 'duplicates', name: 'repeated', value: sum('duplicates') },
      ],
    };
  });
}

function DaysTable({ days }: { days: readonly Day[] }) {
  return (
    <>
      <ul class="legend" aria-label="Colours">
        {['lost', 'late', 'duplicates'].map((tone) => (
          <li key={tone}>
            <span class={`swatch is-${tone}`} aria-hidden="true" /> {tone === 'duplicates' ? 'repeated' : tone}
          </li>
        ))}
      </ul>
      <Table
        label="Delivery by day and app"
        rows={days.toReversed()}
        keyOf={({ day, appId }) => `${day} ${appId}`}
        columns={[
          { name: 'Day', show: ({ day }) => day },
          { name: 'App', show: ({ appId }) => <span class="mono">{appId}</span> },
          { name: 'Notifications', isNumber: true, show: ({ events }) => number(events) },
          { name: 'Lost', isNumber: true, show: ({ lost, events }) => share(lost, events + lost) },
          { name: 'Repeated', isNumber: true, show: ({ duplicates, deliveries }) => share(duplicates, deliveries) },
          { name: 'More than 10 s late', isNumber: true, show: ({ late, events }) => share(late, events) },
        ]}
      />
    </>
  );
}

function share(part: number, whole: number): string {
  return whole === 0 ? number(part) : `${number(part)} (${percent(part / whole)})`;
}
