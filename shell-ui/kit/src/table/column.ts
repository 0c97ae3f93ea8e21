import type { Cell } from '@dcp/api-service';

/** One column of a data table. */
export interface Column<T> {
  readonly id: string;
  /** A function, so that it follows the language. */
  readonly header: () => string;
  /** Written behind the header: a unit, a time zone. */
  readonly unit?: () => string;
  /** What sorting and the CSV file use; numbers as numbers, times as text in ISO order. */
  readonly value: (row: T) => Cell;
  /** What is shown and filtered, when it is not the value itself. */
  readonly text?: (row: T) => string;
  /** Numbers stand at the right. */
  readonly numeric?: boolean;
  /** Identifiers in a monospaced face. */
  readonly mono?: boolean;
  /** A track of the CSS grid: `120px`, `minmax(120px, 1fr)` (the default). */
  readonly width?: string;
  readonly sortable?: boolean;
}

/** By which column rows are sorted. */
export interface Sort {
  readonly column: string;
  readonly descending: boolean;
}

/** `-start` and `start` in an address. */
export function sortFromText(text: string): Sort | undefined {
  if (text === '') return undefined;
  return text.startsWith('-') ? { column: text.slice(1), descending: true } : { column: text, descending: false };
}

/** The opposite of `sortFromText`. */
export function sortToText(sort: Sort | undefined): string {
  return sort ? (sort.descending ? '-' : '') + sort.column : '';
}

/** What a cell shows. */
export function shownText<T>(column: Column<T>, row: T): string {
  if (column.text) return column.text(row);
  const value = column.value(row);
  return value === null || value === undefined ? '–' : String(value);
}
