/** A schema as a table: one row for each field, those of inner objects below their owner. */
import type { Schema } from './document';

/** One field of a message. */
export interface Field {
  /** Where it stands, such as `outcome.ok.node`. */
  readonly path: string;
  /** Its own name. */
  readonly name: string;
  readonly depth: number;
  readonly type: string;
  /** `variant`: one of several, of which exactly one is there. */
  readonly presence: 'required' | 'optional' | 'variant';
  readonly meaning: string;
}

type Schemas = Readonly<Record<string, Schema>>;

/** A type may contain itself. */
const DEEPEST = 6;

/** The fields of a schema, in the order in which they are declared. */
export function fieldsOf(schema: Schema | undefined, schemas: Schemas): readonly Field[] {
  return schema ? below(schema, schemas, '', 0) : [];
}

function below(schema: Schema, schemas: Schemas, path: string, depth: number): readonly Field[] {
  if (depth > DEEPEST) return [];
  const { core } = plain(schema, schemas);
  const variants = core.oneOf ?? core.anyOf ?? [];
  const own = Object.entries(core.properties ?? {}).map(
    ([name, field]) => [name, field, core.required?.includes(name) ? 'required' : 'optional', undefined] as const,
  );
  const alternatives = variants.flatMap((variant) => {
    const found = plain(variant, schemas).core;
    return Object.entries(found.properties ?? {}).map(([name, field]) => [name, field, 'variant', found.description] as const);
  });
  const inner = core.items ? below(core.items, schemas, `${path}[]`, depth) : [];
  const rows = [...own, ...alternatives].flatMap(([name, field, presence, about]) => {
    const at = path ? `${path}.${name}` : name;
    const described = plain(field, schemas).core;
    const row = {
      path: at,
      name,
      depth,
      type: typeOf(field, schemas),
      presence,
      meaning: field.description ?? about ?? described.description ?? '',
    };
    return [row, ...below(field, schemas, at, depth + 1)];
  });
  return [...rows, ...inner];
}

/** A schema with its references followed, and whether `null` fits it too. */
function plain(schema: Schema, schemas: Schemas): { core: Schema; nullable: boolean } {
  const target = schema.$ref ? schemas[schema.$ref.split('/').at(-1) ?? ''] : undefined;
  if (target) {
    const found = plain(target, schemas);
    return { core: { ...found.core, description: schema.description ?? found.core.description ?? '' }, nullable: found.nullable };
  }
  const [only] = schema.allOf?.length === 1 ? schema.allOf : [];
  if (only) {
    const found = plain(only, schemas);
    return { core: { ...found.core, description: schema.description ?? found.core.description ?? '' }, nullable: found.nullable };
  }
  const choices = schema.anyOf ?? schema.oneOf ?? [];
  const others = choices.filter(({ type }) => type !== 'null');
  if (others.length === 1 && others[0] && choices.length === 2) return { core: plain(others[0], schemas).core, nullable: true };
  return { core: schema, nullable: Array.isArray(schema.type) && schema.type.includes('null') };
}

/** The type of a field in the notation of programs: `string (date-time) | null`, `string[]`, `{ [name]: string[] }`. */
export function typeOf(schema: Schema, schemas: Schemas): string {
  const { core, nullable } = plain(schema, schemas);
  return nullable ? `${coreType(core, schemas)} | null` : coreType(core, schemas);
}

function coreType(core: Schema, schemas: Schemas): string {
  if (core.const !== undefined) return JSON.stringify(core.const);
  if (core.enum)
    return core.enum
      .filter((value) => value !== null)
      .map((value) => JSON.stringify(value))
      .join(' | ');
  const variants = core.oneOf ?? core.anyOf;
  if (variants) return variants.map((variant) => variantType(variant, schemas)).join(' | ');
  const types = (typeof core.type === 'string' ? [core.type] : (core.type ?? [])).filter((type) => type !== 'null');
  if (types.length === 0) return 'any';
  if (types[0] === 'array') return core.items ? `${bracketed(typeOf(core.items, schemas))}[]` : 'any[]';
  if (types[0] === 'object' && !core.properties && typeof core.additionalProperties === 'object')
    return `{ [name]: ${typeOf(core.additionalProperties, schemas)} }`;
  return types.join(' | ') + (core.format ? ` (${core.format})` : '');
}

function variantType(variant: Schema, schemas: Schemas): string {
  const { core } = plain(variant, schemas);
  const names = Object.keys(core.properties ?? {});
  return names.length > 0 ? `{ ${names.join(', ')} }` : coreType(core, schemas);
}

function bracketed(type: string): string {
  return type.includes(' | ') ? `(${type})` : type;
}
