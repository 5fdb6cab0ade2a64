import type { LedgerClient, SessionFilters, Summary } from '../../client/index.js';
import { dayAndClock } from '../state/format.js';

export type Step = { name: string; isDone: boolean; says: string };

/** How far the set-up is, from what the ledger has seen. */
export async function setUpSteps(client: LedgerClient, signal: AbortSignal): Promise<Step[]> {
  const [summary, registered, usage] = await Promise.all([
    client.summary({ signal }),
    hasAny(client, { queryable: true }, signal),
    client.queryUsage({}, { signal }),
  ]);
  const isAnswered =
    usage.hours.some(({ outcome }) => outcome === 'answered') || (summary.queries.outcomes['answered'] ?? 0) > 0;
  const isRegistered = registered || isAnswered || summary.sessions.registered > 0;
  return [
    appConfigured(summary),
    consoleTested(summary),
    noticeSeen(summary),
    sessionRegistered(isRegistered),
    answered(isAnswered, summary),
  ];
}

function appConfigured({ accounts }: Summary): Step {
  const apps = accounts.flatMap((account) => account.apps.map(({ appId }) => appId));
  const says =
    apps.length > 0
      ? `Configured: ${apps.join(', ')}.`
      : 'Set AGORA_APP_ID, AGORA_CUSTOMER_ID, AGORA_CUSTOMER_SECRET and AGORA_NCS_SECRET, or AGORA_CONFIG_FILE, and start again.';
  return { name: 'An app is configured', isDone: apps.length > 0, says };
}

function consoleTested({ receiver: { lastTestAt, lastNoticeAt } }: Summary): Step {
  const says =
    lastTestAt !== null
      ? `The last test came at ${dayAndClock(lastTestAt)}.`
      : lastNoticeAt !== null
        ? 'No test came, but a real notification did.'
        : "In Agora's console enter the address of the receiver, /ncs/ and the App ID, and press its test button.";
  return {
    name: "The console's test notification has come",
    isDone: lastTestAt !== null || lastNoticeAt !== null,
    says,
  };
}

function noticeSeen({ receiver: { lastNoticeAt, rejections } }: Summary): Step {
  const [refused] = rejections;
  const says =
    lastNoticeAt !== null
      ? `The last one came at ${dayAndClock(lastNoticeAt)}.`
      : refused !== undefined
        ? `Something calls, but is refused: ${refused.advice}`
        : 'Start a recording: its first notification appears here.';
  return { name: 'A signed notification was seen', isDone: lastNoticeAt !== null, says };
}

function sessionRegistered(isDone: boolean): Step {
  const says = isDone
    ? 'The ledger knows with which resource to ask.'
    : 'Let the service that calls start register each session: PUT /v1/sessions/{sid}. Without it nothing can be asked.';
  return { name: 'A session was registered', isDone, says };
}

function answered(isDone: boolean, { accounts }: Summary): Step {
  const trouble = accounts.find(({ advice }) => advice !== null);
  const says = isDone
    ? 'Both sources speak: from here on the ledger can tell what is lost.'
    : (trouble?.advice ?? 'It is asked a few seconds after a registered session starts.');
  return { name: 'A query was answered', isDone, says };
}

async function hasAny({ sessions }: LedgerClient, filters: SessionFilters, signal: AbortSignal): Promise<boolean> {
  for await (const page of sessions.list({ ...filters, limit: 1 }, { signal }).pages()) return page.sessions.length > 0;
  return false;
}
