import type { ComponentChildren } from 'preact';

type Column<T> = { name: string; isNumber?: boolean; show: (row: T) => ComponentChildren };

type TableParts<T> = { label: string; columns: readonly Column<T>[]; rows: readonly T[]; keyOf: (row: T) => string };

/** A table that scrolls inside its own frame where the screen is narrow; by keyboard too. */
export function Table<T>({ label, columns, rows, keyOf }: TableParts<T>) {
  return (
    <div class="frame" tabindex={0} role="region" aria-label={label}>
      <table>
        <thead>
          <tr>
            {columns.map(({ name, isNumber }) => (
              <th key={name} scope="col" class={isNumber === true ? 'number' : ''}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map(({ name, isNumber, show }) => (
                <td key={name} class={isNumber === true ? 'number' : ''}>
                  {show(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
