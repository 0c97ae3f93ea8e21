// Numbers from what people paste or drop: any separator, decimal comma or point.

export interface Parsed {
  values: number[];
  /** Entries that are no numbers. */
  skipped: string[];
}

/** Numbers of pasted text, or of the first column of numbers where lines have several columns. */
export function parse(text: string): Parsed {
  const lines = text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line && !line.startsWith('#'));
  const rows = lines.map(cells);
  const table = rows.length > 1 && rows.every((row) => row.length === rows[0]?.length) && (rows[0]?.length ?? 0) > 1;
  const entries = table ? firstNumericColumn(rows) : rows.flat();
  const values: number[] = [];
  const skipped: string[] = [];
  entries.forEach((entry, at) => {
    const value = numberOf(entry);
    if (value !== undefined) values.push(value);
    // a heading is not a mistake
    else if (at > 0 || lines.length < 2) skipped.push(entry);
  });
  return { values, skipped };
}

function cells(line: string): string[] {
  const separator = /[;\t]/.test(line) ? /[;\t]/ : /,\s|\s|,(?=\S*,)/.test(line) ? /[,\s]+/ : commaSeparates(line) ? /,/ : undefined;
  const parts = separator ? line.split(separator) : [line];
  return parts.map((part) => part.trim().replace(/^"(.*)"$/, '$1')).filter(Boolean);
}

/** `1,5` is a number with a decimal comma; `1.5,2` and `B7,12` are two cells. */
function commaSeparates(line: string): boolean {
  return line.includes(',') && !/^[-+−]?\d+,\d+$/.test(line);
}

function firstNumericColumn(rows: readonly string[][]): string[] {
  const columns = rows[0]?.map((_, at) => rows.map((row) => row[at] ?? '')) ?? [];
  const body = (column: string[]): string[] => column.slice(1);
  return columns.find((column) => body(column).every((entry) => numberOf(entry) !== undefined)) ?? columns[0] ?? [];
}

export function numberOf(entry: string): number | undefined {
  const text = entry.replace('−', '-').replace(',', '.');
  const value = Number(text);
  return text !== '' && Number.isFinite(value) ? value : undefined;
}
