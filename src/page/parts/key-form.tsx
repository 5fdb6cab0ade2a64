import { useState } from 'preact/hooks';
import { hasKey, useKey } from '../state/ledger.js';

/** Asks for one of API_KEYS. It is kept in this tab alone, and sent to this listener alone. */
export function KeyForm() {
  const [trouble, setTrouble] = useState(hasKey.value ? 'The key of this tab is not known any more.' : null);
  const [isTrying, setTrying] = useState(false);
  const tryKey = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const told = new FormData(event.currentTarget as HTMLFormElement).get('key');
    setTrying(true);
    const known = await useKey(typeof told === 'string' ? told.trim() : '').catch((error: unknown) => String(error));
    setTrying(false);
    if (known !== true) setTrouble(known === false ? 'This key is not known here.' : known);
  };
  return (
    <main class="key">
      <h1>recording-ledger</h1>
      <form onSubmit={(event) => void tryKey(event)}>
        <label for="key">Key</label>
        <input
          id="key"
          name="key"
          type="password"
          autocomplete="current-password"
          required
          aria-describedby="key-help"
          ref={(input) => input?.focus()}
        />
        <p id="key-help" class="faint">
          One of <code>API_KEYS</code>. It stays in this tab until you close it; a key that may only read is enough.
        </p>
        {trouble !== null && (
          <p class="trouble" role="alert">
            {trouble}
          </p>
        )}
        <button class="main" type="submit" disabled={isTrying}>
          Open the ledger
        </button>
      </form>
    </main>
  );
}
