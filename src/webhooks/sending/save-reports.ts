import { KEPT_DELIVERED, pauseGone, saveOutcomes, trimLog } from '../../db/webhooks/outcomes.js';
import type { RunReport } from '../run/report-run.js';
import type { Held, HoldingLease, Sending } from './sending.js';

const SAVE_EVERY_MS = 150;

type Reported = { one: Held; report: RunReport };

export function isSavingDue({ savedAt }: Sending): boolean {
  return performance.now() - savedAt >= SAVE_EVERY_MS;
}

/** Saves what came of the tries since the last time. False where it is being done already. */
export async function saveReports(sending: Sending, lease: HoldingLease): Promise<boolean> {
  if (sending.saving) return false;
  sending.saving = true;
  sending.savedAt = performance.now();
  // Before what they answered is saved, none is paused: one that answers meanwhile has its turn the next time.
  const gone = [...sending.gone];
  const reports = [...sending.held.values()].map((one) => ({ one, report: one.run.collect() }));
  const news = reports.filter(({ report }) => report.hasNews);
  try {
    await save(sending, lease, news);
    await pauseThose(gone, sending, lease);
    return true;
  } catch (error) {
    for (const { one, report } of news) one.run.notSaved(report);
    throw error;
  } finally {
    sending.saving = false;
  }
}

async function save(sending: Sending, { sender }: HoldingLease, news: readonly Reported[]): Promise<void> {
  if (news.length === 0) return;
  const { db } = sending.context;
  const outcomes = news.flatMap(({ report }) => report.outcomes);
  countParked(sending, outcomes);
  await saveOutcomes(
    db,
    sender.id,
    news.map(({ report }) => report.progress),
    outcomes,
  );
  for (const { one, report } of news) {
    one.run.saved(report);
    await trimSometimes(sending, one, report);
  }
}

function countParked({ context: { metrics } }: Sending, outcomes: RunReport['outcomes']): void {
  const parked = outcomes.filter(({ state }) => state === 'parked').length;
  if (parked > 0) metrics.webhookProblems.inc({ kind: 'parked' }, parked);
}

async function trimSometimes(
  { context: { db } }: Sending,
  one: Held,
  { outcomes, progress }: RunReport,
): Promise<void> {
  one.logged += outcomes.length;
  if (one.logged < KEPT_DELIVERED / 2) return;
  one.logged = 0;
  await trimLog(db, progress.id);
}

async function pauseThose(ids: readonly string[], sending: Sending, { sender }: HoldingLease): Promise<void> {
  for (const id of ids) {
    await pauseGone(sending.context.db, sender.id, id);
    sending.gone.delete(id);
  }
}
