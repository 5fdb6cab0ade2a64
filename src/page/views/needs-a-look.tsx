import type { LedgerClient, SessionFilters, Summary } from '../../client/index.js';
import { Panel } from '../parts/panel.js';
import { Ago } from '../parts/time.js';
import { inWords, plural } from '../state/format.js';
import { ledger } from '../state/ledger.js';
import { useAnswer } from '../state/use-answer.js';
import { address } from '../state/use-query.js';
import { endpointsBehind } from './endpoints-behind.js';

const DAY_MS = 86_400_000;
const EVERY_MS = 10_000;

type Kind = { one: string; many: string; filters: Record<string, string> };

const ENDED: readonly Kind[] = [
  { one: 'session vanished', many: 'sessions vanished', filters: { outcome: 'vanished' } },
  { one: 'session broke off', many: 'sessions broke off', filters: { outcome: 'abnormal_exit' } },
  { one: 'session never started', many: 'sessions never started', filters: { outcome: 'never_started' } },
  { one: 'upload is in trouble', many: 'uploads are in trouble', filters: { upload: 'stranded,failed' } },
];

/** What a person should look at, each with a link to it. */
export function NeedsALook({ summary }: { summary: Summary }) {
  const since = new Date(Math.floor((Date.now() - DAY_MS) / 60_000) * 60_000).toISOString();
  const counts = useAnswer((signal) => countAll(ledger.value, since, signal), [], EVERY_MS);
  const waiting = useAnswer((signal) => waitsInQuarantine(ledger.value, signal), [], EVERY_MS);
  const behind = useAnswer((signal) => endpointsBehind(ledger.value, signal), [], EVERY_MS);
  const ended = (counts.value ?? []).filter(({ count }) => count > 0);
  const accounts = summary.accounts.filter(({ state }) => state !== 'ok');
  const rejection = wrongSignature(summary);
  const isAllWell =
    ended.length + accounts.length === 0 && rejection === null && waiting.value !== true && !behind.value?.length;
  return (
    <Panel title="Needs a look" aside="of the last 24 h">
      <ul class="looks">
        {accounts.map(({ name, state, advice }) => (
          <li key={name} class="is-bad">
            <a href="/set-up">
              Account {name} is {state}
            </a>
            {advice !== null && <p>{advice}</p>}
          </li>
        ))}
        {rejection !== null && (
          <li class="is-bad">
            <a href="/set-up">Agora is calling, but nothing it signs fits a secret</a>
            <p>
              {rejection.advice} Last <Ago at={rejection.lastAt} />.
            </p>
          </li>
        )}
        {behind.value?.map(({ id, says }) => (
          <li key={id}>
            <a href="/webhooks">{says}</a>
          </li>
        ))}
        {waiting.value === true && (
          <li>
            <a href="/delivery">Signed bodies wait in quarantine: nothing here can read them</a>
          </li>
        )}
        {ended.map(({ kind, count, isExact, filters }) => (
          <li key={kind.one}>
            <a href={address('/sessions', filters)}>
              {isExact ? '' : 'about '}
              {plural(count, kind.one, kind.many)}
            </a>
          </li>
        ))}
      </ul>
      {isAllWell && counts.value !== null && <p class="empty">Nothing does.</p>}
    </Panel>
  );
}

/** Requests with a signature that fits no secret, with no signed notification since. */
function wrongSignature({ receiver }: Summary) {
  const last = receiver.rejections.find(({ reason }) => /signature/.test(inWords(reason)));
  if (last === undefined) return null;
  return receiver.lastNoticeAt === null || receiver.lastNoticeAt < last.lastAt ? last : null;
}

async function countAll({ sessions }: LedgerClient, endedFrom: string, signal: AbortSignal) {
  const counted = ENDED.map(async (kind) => {
    const filters = { ...kind.filters, endedFrom } as SessionFilters;
    for await (const { count } of sessions.list({ ...filters, limit: 1, count: true }, { signal }).pages()) {
      return { kind, filters: { ...kind.filters, endedFrom }, count: count?.value ?? 0, isExact: count?.exact ?? true };
    }
    return { kind, filters: kind.filters, count: 0, isExact: true };
  });
  return Promise.all(counted);
}

async function waitsInQuarantine({ quarantine }: LedgerClient, signal: AbortSignal): Promise<boolean> {
  for await (const page of quarantine({ waiting: true, limit: 1, signal }).pages()) return page.quarantine.length > 0;
  return false;
}
