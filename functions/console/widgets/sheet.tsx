import type { ComponentChildren } from "preact";

export interface Column<T> {
  readonly label: string;
  /** An empty cell has no line of its own on a phone. */
  readonly cell: (item: T) => ComponentChildren;
  /** Buttons that need no heading on a screen. */
  readonly isActions?: true;
}

interface Props<T> {
  /** Names the table. */
  readonly label: string;
  /** The first one names the row. */
  readonly columns: readonly Column<T>[];
  readonly items: readonly T[];
  readonly keyOf: (item: T) => string;
}

/** Records with the same facts each: a table, and on a phone a block per record with the facts by their names. */
export const Sheet = <T,>({ label, columns: [first, ...others], items, keyOf }: Props<T>) =>
  first && (
    <table class="sheet" aria-label={label}>
      <thead>
        <tr>
          {[first, ...others].map((column) => (
            <th key={column.label} scope="col">
              {column.isActions ? <span class="visually-hidden">{column.label}</span> : column.label}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {items.map((item) => (
          <tr key={keyOf(item)}>
            <th scope="row">{first.cell(item)}</th>
            {others.map((column) => (
              <td
                key={column.label}
                {...(column.isActions ? { class: "sheet-actions" } : { "data-label": column.label })}
              >
                {column.cell(item)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
