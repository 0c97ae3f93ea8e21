// The form of a function: one field per argument, read from its JSON Schema.

import type { ArgumentInfo, FunctionInfo, Schema } from '../model';

export type Element = 'number' | 'integer' | 'text' | 'date' | 'instant' | 'boolean' | 'choice' | 'matrix' | 'json' | 'any';

export interface Bounds {
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
}

export interface Field {
  readonly name: string;
  readonly element: Element;
  /** Whether it takes one value, one or several, or always a list. */
  readonly many: 'one' | 'some' | 'list';
  readonly required: boolean;
  readonly nullable: boolean;
  /** R code of the default. */
  readonly fallback: string | null;
  readonly description: string;
  readonly unit: string;
  readonly choices: readonly string[];
  readonly bounds: Bounds;
  /** How many values a list must have. */
  readonly length: { readonly least?: number; readonly most?: number };
  /** Takes a data frame, so a table from a spreadsheet can be pasted. */
  readonly frame: boolean;
}

/** What R calls a default, where no schema says more. */
const BY_TYPE: Readonly<Record<string, Element>> = {
  double: 'number',
  numeric: 'number',
  integer: 'integer',
  character: 'text',
  logical: 'boolean',
};
/** Texts that are more than texts. */
const FORMATS: Readonly<Record<string, Element>> = { date: 'date', 'date-time': 'instant' };
const SCALARS: Readonly<Record<string, Element>> = { number: 'number', integer: 'integer', string: 'text', boolean: 'boolean' };
/** Numbers that JSON does not have are texts; neither a choice nor a text of its own. */
const SPECIAL = new Set<unknown>(['NaN', 'Inf', '-Inf']);

/** The fields of a function in the order of its definition. */
export function fieldsOf(fn: FunctionInfo): readonly Field[] {
  const known = fn.args.filter(({ name }) => name !== '...').map((argument) => fieldOf(argument, schemaOf(fn, argument.name)));
  return fn.args.some(({ name }) => name === '...') ? [...known, FURTHER] : known;
}

/** Stands for the arguments that `...` takes: one JSON object. */
export const FURTHER: Field = {
  name: '...',
  element: 'json',
  many: 'one',
  required: false,
  nullable: false,
  fallback: null,
  description: '',
  unit: '',
  choices: [],
  bounds: {},
  length: {},
  frame: false,
};

function schemaOf(fn: FunctionInfo, name: string): Schema | undefined {
  const own = fn.args.find((argument) => argument.name === name)?.schema;
  return own ?? fn.schema?.properties?.[name];
}

function fieldOf(argument: ArgumentInfo, schema: Schema | undefined): Field {
  const all = alternatives(schema);
  const real = all.filter((one) => !isNull(one) && !isReference(one));
  const { element, many, choices } = kindOf(real, argument.type);
  return {
    name: argument.name,
    element,
    many,
    required: argument.required,
    nullable: all.some(isNull) || argument.default === 'NULL',
    fallback: argument.default,
    description: argument.description ?? schema?.description ?? '',
    unit: schema?.['x-unit'] ?? '',
    choices,
    bounds: boundsOf(real),
    length: lengthOf(real),
    frame: real.some((one) => one.required?.includes('$frame') === true),
  };
}

/** The simple schemas a schema allows, with lists of types taken apart. */
function alternatives(schema: Schema | undefined): readonly Schema[] {
  if (!schema) return [];
  const choices = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])];
  if (choices.length > 0) {
    // what stands beside a choice holds for each of its parts
    const common: Schema = { ...schema, anyOf: [], oneOf: [] };
    return choices.flatMap((one) => alternatives({ ...common, ...one }));
  }
  if (Array.isArray(schema.type)) return (schema.type as readonly string[]).map((type) => ({ ...schema, type }));
  return [schema];
}

const isNull = (schema: Schema): boolean => schema.type === 'null' || schema.const === null;
const isSpecial = ({ type, pattern, enum: words }: Schema): boolean =>
  type === 'string' &&
  (pattern !== undefined ? /^\^\((NaN|Inf|-Inf|\|)+\)\$$/.test(pattern) : words?.every((one) => SPECIAL.has(one)) === true);
/** Rows of numbers. */
const isMatrix = ({ type, items }: Schema): boolean => type === 'array' && typeof items === 'object' && items.type === 'array';
const isReference = ({ properties }: Schema): boolean => properties?.['$result'] !== undefined || properties?.['$pi'] !== undefined;

function kindOf(real: readonly Schema[], type: string): Pick<Field, 'element' | 'many' | 'choices'> {
  const words = real.flatMap((one) => one.enum ?? (one.const === undefined ? [] : [one.const])).filter((one) => one !== null);
  if (words.length > 0 && !words.every((one) => SPECIAL.has(one))) {
    const many = real.some(({ type }) => type === 'array') ? 'some' : 'one';
    return { element: 'choice', many, choices: words.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))) };
  }
  if (real.length > 0 && real.every(isMatrix)) return { element: 'matrix', many: 'one', choices: [] };
  const useful = real.filter((one) => !one.enum && one.const === undefined && !isSpecial(one));
  const lists = useful.filter((one) => one.type === 'array');
  const scalars = useful.filter((one) => typeof one.type === 'string' && one.type in SCALARS);
  const elements = [...scalars, ...lists.flatMap((one) => (typeof one.items === 'object' ? alternatives(one.items) : [{}]))]
    .filter((one) => !isNull(one) && !one.enum && !isSpecial(one))
    .map(elementOf);
  const [first] = elements;
  const other = useful.length > scalars.length + lists.length;
  const single = new Set(elements).size === 1 && first !== undefined && !other;
  if (single) return { element: first, many: lists.length === 0 ? 'one' : scalars.length === 0 ? 'list' : 'some', choices: [] };
  if (useful.length === 0 || useful.every((one) => one.type === undefined && !one.properties)) {
    const known = BY_TYPE[type];
    return { element: known ?? 'any', many: known ? 'some' : 'one', choices: [] };
  }
  const onlyObjects = useful.every((one) => one.type === 'object' || one.properties);
  return { element: onlyObjects ? 'json' : 'any', many: 'one', choices: [] };
}

function elementOf({ type, format }: Schema): Element | undefined {
  if (typeof type !== 'string') return undefined;
  return (type === 'string' && FORMATS[format ?? '']) || SCALARS[type];
}

function lengthOf(real: readonly Schema[]): Field['length'] {
  const list = real.find(({ type }) => type === 'array');
  return {
    ...(list?.minItems === undefined ? {} : { least: list.minItems }),
    ...(list?.maxItems === undefined ? {} : { most: list.maxItems }),
  };
}

function boundsOf(real: readonly Schema[]): Bounds {
  const named = real.flatMap((one) => [one, ...(typeof one.items === 'object' ? alternatives(one.items) : [])]);
  const of = (key: keyof Bounds): Bounds => {
    const found = named.map((one) => one[key]).find((value) => value !== undefined);
    return found === undefined ? {} : { [key]: found };
  };
  return { ...of('minimum'), ...of('maximum'), ...of('exclusiveMinimum'), ...of('exclusiveMaximum') };
}
