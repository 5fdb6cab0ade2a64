import { DashboardBuilder, DatasourceVariableBuilder, RowBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import { GLANCE, ROWS, type PanelPlan } from './panels.js';

/** Chosen at the top of the dashboard: it works in any Grafana that has a Prometheus. */
const SOURCE = { type: 'prometheus', uid: '${datasource}' };
/** Grafana's grid is 24 wide. */
const GLANCE_SIZE = { height: 4, span: 4 };
const PANEL_SIZE = { height: 7, span: 8 };

/** The dashboard as Grafana imports it. */
export function dashboard(): unknown {
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- what replaces it is read by Grafana 12 and later only
  const builder = new DashboardBuilder('recording-ledger')
    .uid('recording-ledger')
    .description('Whether the ledger receives, folds and asks, and how true it is. See docs/runbook.md.')
    .tags(['recording-ledger'])
    .refresh('30s')
    .time({ from: 'now-3h', to: 'now' })
    .timezone('browser')
    .withVariable(new DatasourceVariableBuilder('datasource').label('Prometheus').type('prometheus'));
  for (const plan of GLANCE) builder.withPanel(glance(plan));
  for (const { title, panels } of ROWS) {
    builder.withRow(new RowBuilder(title));
    for (const plan of panels) builder.withPanel(timeseries(plan));
  }
  return builder.build();
}

function glance({ title, description, unit, targets }: PanelPlan): StatBuilder {
  const { height, span } = GLANCE_SIZE;
  const panel = new StatBuilder().title(title).description(description).unit(unit).height(height).span(span);
  return panel.datasource(SOURCE).targets(targets.map(({ expr }, n) => query(expr, '', n).instant()));
}

function timeseries({ title, description, unit, targets }: PanelPlan): TimeseriesBuilder {
  const { height, span } = PANEL_SIZE;
  const panel = new TimeseriesBuilder().title(title).description(description).unit(unit).height(height).span(span);
  return panel
    .datasource(SOURCE)
    .min(0)
    .fillOpacity(8)
    .targets(targets.map(({ expr, legend }, n) => query(expr, legend, n)));
}

function query(expr: string, legend: string, n: number): DataqueryBuilder {
  const refId = String.fromCharCode('A'.charCodeAt(0) + n);
  return new DataqueryBuilder().datasource(SOURCE).refId(refId).expr(expr).legendFormat(legend);
}
