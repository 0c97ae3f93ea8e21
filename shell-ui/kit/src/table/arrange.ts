import { locale, type Cell } from '@dcp/api-service';
import { shownText, type Column, type Sort } from './column';

/** The rows that contain every word of the filter in some column. */
export function filtered<T>(rows: readonly T[], columns: readonly Column<T>[], filter: string): readonly T[] {
  const words = filter.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return rows;
  return rows.filter((row) => {
    const text = columns
      .map((column) => shownText(column, row))
      .join('\u0000')
      .toLocaleLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** The rows in the order of a column; missing values come last in both directions. */
export function sorted<T>(rows: readonly T[], columns: readonly Column<T>[], sort: Sort | undefined): readonly T[] {
  const column = columns.find(({ id }) => id === sort?.column);
  if (!sort || !column) return rows;
  const words = new Intl.Collator(locale(), { numeric: true, sensitivity: 'base' });
  const turn = sort.descending ? -1 : 1;
  return rows
    .map((row) => ({ row, value: column.value(row) }))
    .sort((a, b) => missing(a.value) - missing(b.value) || turn * compare(a.value, b.value, words))
    .map(({ row }) => row);
}

const missing = (value: Cell): number => (value === null || value === undefined || Number.isNaN(value) ? 1 : 0);

function compare(a: Cell, b: Cell, words: Intl.Collator): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return words.compare(String(a ?? ''), String(b ?? ''));
}
