// What a value looks like to people: a number, a row of values, a table, named parts.

export type Scalar = string | number | boolean | null;

export interface TableColumn {
  readonly name: string;
  readonly values: readonly Scalar[];
  readonly numeric: boolean;
}

export type Shape =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'scalar'; readonly value: Scalar }
  | {
      readonly kind: 'table';
      readonly columns: readonly TableColumn[];
      readonly rows: number;
      readonly origin: 'vector' | 'frame' | 'matrix';
    }
  | {
      readonly kind: 'parts';
      readonly facts: readonly (readonly [string, Scalar])[];
      readonly parts: readonly (readonly [string, unknown])[];
    };

/** How numbers that JSON does not have are written. */
const SPECIAL = new Set<unknown>(['NaN', 'Inf', '-Inf']);

const isScalar = (value: unknown): value is Scalar => value === null || ['string', 'number', 'boolean'].includes(typeof value);
const isScalars = (value: unknown): value is readonly Scalar[] => Array.isArray(value) && value.every(isScalar);

/** The shape of a value of a call. */
export function shapeOf(value: unknown): Shape {
  if (value === null || value === undefined) return { kind: 'nothing' };
  if (isScalar(value)) return { kind: 'scalar', value };
  return Array.isArray(value) ? ofArray(value) : ofObject(value as Readonly<Record<string, unknown>>);
}

function ofArray(items: readonly unknown[]): Shape {
  if (items.length === 0) return { kind: 'nothing' };
  if (isScalars(items)) return table([columnOf('', items)], items.length, 'vector');
  const width = Array.isArray(items[0]) ? items[0].length : 0;
  if (width > 0 && items.every((row) => isScalars(row) && row.length === width)) {
    const rows = items as readonly (readonly Scalar[])[];
    const columns = Array.from({ length: width }, (_, at) =>
      columnOf(
        String(at + 1),
        rows.map((row) => row[at] ?? null),
      ),
    );
    return table(columns, rows.length, 'matrix');
  }
  return { kind: 'parts', facts: [], parts: items.map((item, at) => [String(at + 1), item] as const) };
}

function ofObject(value: Readonly<Record<string, unknown>>): Shape {
  const members = Object.entries(value);
  if (members.length === 0) return { kind: 'nothing' };
  const [[, first]] = members as [[string, unknown]];
  const rows = Array.isArray(first) ? first.length : 0;
  if (rows > 0 && members.every(([, column]) => isScalars(column) && column.length === rows)) {
    const columns = members.map(([name, values]) => columnOf(name, values as readonly Scalar[]));
    return table(columns, rows, 'frame');
  }
  return {
    kind: 'parts',
    facts: members.filter((member): member is [string, Scalar] => isScalar(member[1])),
    parts: members.filter(([, part]) => !isScalar(part)),
  };
}

function table(columns: readonly TableColumn[], rows: number, origin: 'vector' | 'frame' | 'matrix'): Shape {
  return { kind: 'table', columns, rows, origin };
}

function columnOf(name: string, values: readonly Scalar[]): TableColumn {
  const numeric =
    values.some((one) => typeof one === 'number') && values.every((one) => one === null || typeof one === 'number' || SPECIAL.has(one));
  return { name, values, numeric };
}

/** The first table in a value, for a file of rows: the value itself or one of its parts. */
export function firstTable(value: unknown): Extract<Shape, { kind: 'table' }> | undefined {
  const shape = shapeOf(value);
  if (shape.kind === 'table') return shape;
  if (shape.kind !== 'parts') return undefined;
  for (const [, part] of shape.parts) {
    const found = firstTable(part);
    if (found) return found;
  }
  return undefined;
}
