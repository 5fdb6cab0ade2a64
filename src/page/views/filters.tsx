import { inWords } from '../state/format.js';
import { useQuery } from '../state/use-query.js';
import { FILTER_NAMES, FILTERS, type Filter } from './filter-names.js';

/** How many are always in sight; the others open, and stay so while one of them is set. */
const IN_SIGHT = 5;

export function Filters() {
  const { query, change } = useQuery();
  const used = Object.keys(query).filter((name) => FILTER_NAMES.has(name));
  const isOpen = FILTERS.slice(IN_SIGHT).some(({ name }) => used.includes(name));
  const set = (name: string, value: string): void => change({ [name]: value, cursor: null });
  const field = (filter: Filter) => (
    <Field key={filter.name} filter={filter} value={query[filter.name] ?? ''} onSet={set} />
  );
  return (
    <form class="filters" aria-label="Filters" onSubmit={(event) => event.preventDefault()}>
      <div class="fields">{FILTERS.slice(0, IN_SIGHT).map(field)}</div>
      <details open={isOpen}>
        <summary>More filters</summary>
        <div class="fields">{FILTERS.slice(IN_SIGHT).map(field)}</div>
      </details>
      {used.length > 0 && (
        <button
          type="button"
          onClick={() => change({ ...Object.fromEntries(used.map((name) => [name, null])), cursor: null })}
        >
          Clear filters
        </button>
      )}
    </form>
  );
}

type FieldProps = { filter: Filter; value: string; onSet: (name: string, value: string) => void };

function Field({ filter: { name, label, choices, kind }, value, onSet }: FieldProps) {
  const id = `filter-${name}`;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {choices !== undefined ? (
        <select id={id} value={value} onChange={({ currentTarget }) => onSet(name, currentTarget.value)}>
          <option value="">any</option>
          {/* Several values, separated by commas, come from links. */}
          {(choices.includes(value) || value === '' ? choices : [...choices, value]).map((choice) => (
            <option key={choice} value={choice}>
              {inWords(choice)}
            </option>
          ))}
        </select>
      ) : (
        <input
          id={id}
          value={value}
          spellcheck={false}
          placeholder={kind === 'moment' ? '2026-03-02T10:00:00Z' : ''}
          onChange={({ currentTarget }) => onSet(name, currentTarget.value.trim())}
        />
      )}
    </div>
  );
}
