import type { ComponentChildren, VNode } from "preact";
import { useMemo } from "preact/hooks";

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

const Row = <T,>({ item, columns: [first, ...others] }: Pick<Props<T>, "columns"> & { readonly item: T }) => (
  <tr>
    <th scope="row">{first?.cell(item)}</th>
    {others.map((column) => (
      <td key={column.label} {...(column.isActions ? { class: "sheet-actions" } : { "data-label": column.label })}>
        {column.cell(item)}
      </td>
    ))}
  </tr>
);

/**
 * Records with the same facts each: a table, and on a phone a block per record with the facts by their names. While
 * `columns` are the same, a record is rendered once.
 */
export const Sheet = <T extends object>({ label, columns, items, keyOf }: Props<T>) => {
  const rows = useMemo(() => new WeakMap<T, VNode>(), [columns]);
  const rowOf = (item: T): VNode => {
    const row = rows.get(item) ?? <Row key={keyOf(item)} item={item} columns={columns} />;
    rows.set(item, row);
    return row;
  };
  return (
    <table class="sheet" aria-label={label}>
      <thead>
        <tr>
          {columns.map((column) => (
            <th key={column.label} scope="col">
              {column.isActions ? <span class="visually-hidden">{column.label}</span> : column.label}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>{items.map(rowOf)}</tbody>
    </table>
  );
};
