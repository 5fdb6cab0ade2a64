import { useLocation } from 'preact-iso/router';
import { useEffect } from 'preact/hooks';
import { KeyForm } from './parts/key-form.js';
import { Search } from './parts/search.js';
import { isUtc, showUtc } from './state/format.js';
import { forgetKey, hasKey, isKeyNeeded } from './state/ledger.js';
import { isLive, onChange } from './state/live.js';
import { StoryView } from './story/story-view.js';
import { BudgetView } from './views/budget-view.js';
import { DeliveryView } from './views/delivery-view.js';
import { NowView } from './views/now-view.js';
import { SessionsView } from './views/sessions-view.js';
import { SetUpView } from './views/set-up-view.js';
import { WebhooksView } from './views/webhooks-view.js';

const VIEWS = [
  { path: '/now', name: 'Now', View: NowView },
  { path: '/sessions', name: 'Sessions', View: SessionsView },
  { path: '/delivery', name: 'Delivery', View: DeliveryView },
  { path: '/budget', name: 'Budget', View: BudgetView },
  { path: '/webhooks', name: 'Webhooks', View: WebhooksView },
  { path: '/set-up', name: 'Set-up', View: SetUpView },
] as const;

export function App() {
  const { path } = useLocation();
  const place = path === '/' ? '/now' : path;
  const sid = /^\/sessions\/([^/]+)$/.exec(place)?.[1];
  const view = VIEWS.find((one) => one.path === place);
  const name = sid === undefined ? (view?.name ?? 'Not here') : 'Session';
  useEffect(() => {
    document.title = `${name} – recording-ledger`;
  }, [name]);
  if (isKeyNeeded.value) return <KeyForm />;
  return (
    <>
      <Top place={place} />
      <main id="main">
        {sid !== undefined && <StoryView key={sid} sid={decodeURIComponent(sid)} />}
        {view !== undefined && <view.View />}
        {sid === undefined && view === undefined && <p class="empty">There is no such view. Try one from above.</p>}
      </main>
    </>
  );
}

function Top({ place }: { place: string }) {
  // So that every view is live, and says truly whether it is.
  useEffect(() => onChange(() => undefined), []);
  return (
    <header class="top">
      <a class="skip" href="#main">
        To the content
      </a>
      <a class="brand" href="/now">
        recording-ledger
      </a>
      <nav aria-label="Views">
        {VIEWS.map(({ path, name }) => (
          <a key={path} href={path} aria-current={isAt(place, path) ? 'page' : undefined}>
            {name}
          </a>
        ))}
      </nav>
      <Search />
      <div class="tools">
        <span class={isLive.value ? 'live is-on' : 'live'} role="status">
          {isLive.value ? 'live' : 'not live'}
        </span>
        <button type="button" aria-pressed={isUtc.value} onClick={() => showUtc(!isUtc.value)}>
          UTC
        </button>
        {hasKey.value && (
          <button type="button" onClick={forgetKey}>
            Forget key
          </button>
        )}
      </div>
    </header>
  );
}

function isAt(place: string, path: string): boolean {
  return place === path || place.startsWith(`${path}/`);
}
