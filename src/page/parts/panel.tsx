import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import type { Answer } from '../state/use-answer.js';

type PanelParts = { title: string; aside?: ComponentChildren; class?: string; children: ComponentChildren };

export function Panel({ title, aside, class: name = '', children }: PanelParts) {
  const id = useId();
  return (
    <section class={`panel ${name}`} aria-labelledby={id}>
      <header>
        <h2 id={id}>{title}</h2>
        {aside !== undefined && <div class="aside">{aside}</div>}
      </header>
      {children}
    </section>
  );
}

type Shown<T> = { answer: Answer<T>; empty?: (value: T) => string | null; children: (value: T) => ComponentChildren };

/** What was read; or that it is being read, that there is nothing, or why it cannot be had. */
export function Read<T>({ answer, empty, children }: Shown<T>) {
  const { value, error, reload } = answer;
  const nothing = value === null ? null : (empty?.(value) ?? null);
  return (
    <>
      {error !== null && (
        <p class="trouble" role="alert">
          <strong>This could not be read{value === null ? '' : ' again'}.</strong> {error.message}{' '}
          <button type="button" onClick={reload}>
            Try again
          </button>
        </p>
      )}
      {value === null && error === null && (
        <p class="loading" role="status">
          Reading…
        </p>
      )}
      {nothing !== null && <p class="empty">{nothing}</p>}
      {value !== null && nothing === null && children(value)}
    </>
  );
}
