// From what somebody typed or pasted into a field to the JSON of an argument.

import type { Bounds, Field } from './fields';
import { instantIn, isDate } from './moment';

/** What is wrong with an entry; the words stand in the texts. */
export type Wrong =
  | 'needed'
  | 'notNumber'
  | 'notWhole'
  | 'notBoolean'
  | 'notDate'
  | 'notInstant'
  | 'noOffset'
  | 'notJson'
  | 'notTable'
  | 'uneven'
  | 'outOfBounds'
  | 'oneOnly';

/** An entry as JSON, nothing (the default holds), or what is wrong with it. */
export type Read = { readonly value?: unknown; readonly wrong?: Wrong; readonly at?: string };

/** How R writes what JSON numbers cannot say, and what the engine takes for it. */
const WORDS: ReadonlyMap<string, string | null> = new Map([
  ['NA', null],
  ['NaN', 'NaN'],
  ['Inf', 'Inf'],
  ['-Inf', '-Inf'],
]);

/** Reads an entry as its field wants it. */
export function read(field: Field, entry: string): Read {
  const text = entry.trim();
  if (text === '') {
    if (!field.required) return {};
    return field.nullable ? { value: null } : { wrong: 'needed' };
  }
  if (text === 'NULL' && field.nullable) return { value: null };
  const reference = referenceIn(text);
  if (reference) return { value: reference };
  switch (field.element) {
    case 'number':
    case 'integer':
      return numbers(field, text);
    case 'boolean':
      return list(field, cells(text), (one) => {
        if (one === 'NA' && field.many !== 'one') return { value: null };
        return /^(true|false)$/i.test(one) ? { value: /^true$/i.test(one) } : { wrong: 'notBoolean', at: one };
      });
    case 'date':
    case 'instant':
      return list(field, moments(text), (one) => moment(field, one));
    case 'choice':
      return field.many === 'one' ? { value: text } : list(field, text.split('\n'), (one) => ({ value: one }));
    case 'matrix':
      return matrix(text);
    case 'text':
      return field.many === 'one' ? { value: entry } : list(field, texts(text), (one) => ({ value: one }));
    case 'json':
      return json(text, field.frame);
    case 'any':
      return any(text);
  }
}

/** An earlier result or process data in the place of a value. */
function referenceIn(text: string): unknown {
  if (!/^\{\s*"\$(result|pi)"/.test(text)) return undefined;
  return json(text, false).value;
}

function numbers(field: Field, text: string): Read {
  return list(field, field.many === 'one' ? [decimal(text)] : numberCells(text), (one) => {
    if (WORDS.has(one)) return { value: WORDS.get(one) };
    const value = Number(one);
    if (one === '' || !Number.isFinite(value)) return { wrong: 'notNumber', at: one };
    if (field.element === 'integer' && !Number.isInteger(value)) return { wrong: 'notWhole', at: one };
    return isWithin(value, field.bounds) ? { value } : { wrong: 'outOfBounds', at: one };
  });
}

function list(field: Field, entries: readonly string[], one: (entry: string) => Read): Read {
  const values: unknown[] = [];
  for (const entry of entries) {
    const found = one(entry);
    if (found.wrong) return found;
    values.push(found.value);
  }
  if (field.many === 'list') return { value: values };
  if (values.length === 1) return { value: values[0] };
  return field.many === 'one' ? { wrong: 'oneOnly' } : { value: values };
}

/** Dates and instants one a line or with commas between. */
export function moments(text: string): readonly string[] {
  return text
    .split(/[\r\n,;]+/)
    .map((one) => one.trim())
    .filter(Boolean);
}

function moment(field: Field, one: string): Read {
  if (one === 'NA' && field.many !== 'one') return { value: null };
  if (field.element === 'date') return isDate(one) ? { value: one } : { wrong: 'notDate', at: one };
  const at = instantIn(one);
  if (at === null) return { wrong: 'noOffset', at: one };
  return at === undefined ? { wrong: 'notInstant', at: one } : { value: at };
}

/** Whether a number is where a schema wants it. */
export function isWithin(value: number, bounds: Bounds): boolean {
  const { minimum = -Infinity, maximum = Infinity, exclusiveMinimum = -Infinity, exclusiveMaximum = Infinity } = bounds;
  const open = (limit: number): boolean => Number.isFinite(limit);
  return (
    value >= minimum &&
    value <= maximum &&
    (!open(exclusiveMinimum) || value > exclusiveMinimum) &&
    (!open(exclusiveMaximum) || value < exclusiveMaximum)
  );
}

/** `9,8` as a number that a point divides. */
function decimal(text: string): string {
  return /^[-+]?\d+,\d+$/.test(text) ? text.replace(',', '.') : text;
}

/** A list typed with commas, or a column pasted from a spreadsheet, with points or decimal commas. */
export function numberCells(text: string): readonly string[] {
  const bare = text.replace(/^\[|\]$|^c\(|\)$/g, '').trim();
  const parts = bare.split(/[\s;]+/).filter(Boolean);
  const commas =
    parts.some((part) => /^[-+]?\d+,\d+$/.test(part)) && parts.every((part) => WORDS.has(part) || /^[-+]?\d+(,\d+)?$/.test(part));
  if (commas && parts.length > 1) return parts.map(decimal);
  return cells(bare);
}

function cells(text: string): readonly string[] {
  return text.split(/[\s,;]+/).filter(Boolean);
}

/** One text a line, or divided by commas where there is one line. */
function texts(text: string): readonly string[] {
  const lines = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter(Boolean);
  return lines.length > 1 ? lines : text.split(',').map((part) => part.trim().replace(/^"(.*)"$/, '$1'));
}

/** Rows of numbers, one a line as a spreadsheet copies them, or JSON. */
function matrix(text: string): Read {
  if (text.startsWith('[')) return json(text, false);
  const rows: unknown[][] = [];
  for (const line of text.split(/\r?\n/).filter((one) => one.trim())) {
    const row = numberCells(line);
    const wrong = row.find((one) => !WORDS.has(one) && !Number.isFinite(Number(one)));
    if (wrong !== undefined) return { wrong: 'notNumber', at: wrong };
    rows.push(row.map((one) => (WORDS.has(one) ? WORDS.get(one) : Number(one))));
  }
  const uneven = rows.findIndex((row) => row.length !== rows[0]?.length);
  return uneven < 0 ? { value: rows } : { wrong: 'uneven', at: String(uneven + 1) };
}

function json(text: string, frame: boolean): Read {
  const table = frame ? tableIn(text) : undefined;
  if (table) return { value: table };
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return { wrong: frame ? 'notTable' : 'notJson' };
  }
}

/** JSON where it is JSON, a pasted table as a data frame, numbers where all are numbers, else the text. */
function any(text: string): Read {
  const table = tableIn(text);
  if (table) return { value: table };
  const parsed = json(text, false);
  if (!parsed.wrong) return parsed;
  if (/^[[{]/.test(text)) return parsed;
  const entries = numberCells(text);
  if (entries.length > 0 && entries.every((one) => WORDS.has(one) || Number.isFinite(Number(one)))) {
    const values = entries.map((one) => (WORDS.has(one) ? WORDS.get(one) : Number(one)));
    return { value: values.length === 1 ? values[0] : values };
  }
  return { value: text };
}

/** A table copied from a spreadsheet, headings first, as a data frame. */
export function tableIn(text: string): unknown {
  const rows = text
    .split(/\r?\n/)
    .filter((line) => line.trim())
    .map((line) => line.split('\t').map((cell) => cell.trim()));
  const [head, ...body] = rows;
  // the last cells of a row may be empty
  if (!head || head.length < 2 || body.length === 0 || body.some((row) => row.length > head.length || row.length < 2)) return undefined;
  const columns = head.map((name, at) => [name, column(body.map((row) => row[at] ?? ''))] as const);
  return { $frame: Object.fromEntries(columns) };
}

function column(entries: readonly string[]): readonly unknown[] {
  const values = entries.map((entry) => (entry === '' ? 'NA' : decimal(entry)));
  const numeric = values.every((one) => WORDS.has(one) || Number.isFinite(Number(one)));
  if (!numeric) return entries.map((entry) => (entry === '' || entry === 'NA' ? null : entry));
  return values.map((one) => (WORDS.has(one) ? WORDS.get(one) : Number(one)));
}
