import type { ComponentChildren } from 'preact';
import { useQuery } from '../state/use-query.js';

/** From which day to which, in the address. */
export function PeriodFields({ children }: { children?: ComponentChildren }) {
  return (
    <form class="filters" aria-label="Period" onSubmit={(event) => event.preventDefault()}>
      <div class="fields">
        <DayField name="from" label="From (UTC)" />
        <DayField name="to" label="Before (UTC)" />
        {children}
      </div>
    </form>
  );
}

function DayField({ name, label }: { name: string; label: string }) {
  const { query, change } = useQuery();
  return (
    <div class="field">
      <label for={`period-${name}`}>{label}</label>
      <input
        id={`period-${name}`}
        type="date"
        value={query[name] ?? ''}
        onChange={({ currentTarget }) => change({ [name]: currentTarget.value })}
      />
    </div>
  );
}

export function TextField({ name, label }: { name: string; label: string }) {
  const { query, change } = useQuery();
  return (
    <div class="field">
      <label for={`period-${name}`}>{label}</label>
      <input
        id={`period-${name}`}
        value={query[name] ?? ''}
        spellcheck={false}
        onChange={({ currentTarget }) => change({ [name]: currentTarget.value.trim() })}
      />
    </div>
  );
}
