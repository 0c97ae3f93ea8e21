// The state of a form: what is typed by argument, what is wrong where, and the body of the call.

import type { FieldError } from '@dcp/api-service';
import { FURTHER, type Field } from './fields';
import { read, type Read } from './entry';

export type Entries = Readonly<Record<string, string>>;

/** Longest state of a form that goes into an address; browsers and proxies cut longer ones. */
const LONGEST = 4000;

/** The arguments as one JSON object and what is wrong with them, by field. */
export function argumentsOf(
  fields: readonly Field[],
  entries: Entries,
): { body: Record<string, unknown>; wrong: ReadonlyMap<string, Read> } {
  const body: Record<string, unknown> = {};
  const wrong = new Map<string, Read>();
  for (const field of fields) {
    const found = read(field, entries[field.name] ?? '');
    if (found.wrong) wrong.set(field.name, found);
    else if (field.name === FURTHER.name) Object.assign(body, found.value);
    else if (found.value !== undefined) body[field.name] = found.value;
  }
  return { body, wrong };
}

/** The form as one parameter of the address; nothing when it is too long for one. */
export function toAddress(entries: Entries): string | undefined {
  const given = Object.entries(entries).filter(([, entry]) => entry.trim() !== '');
  if (given.length === 0) return '';
  const text = JSON.stringify(Object.fromEntries(given));
  return text.length > LONGEST ? undefined : text;
}

/** The opposite of `toAddress`; what is no state of a form is an empty one. */
export function fromAddress(text: string): Entries {
  try {
    const found: unknown = JSON.parse(text);
    if (typeof found !== 'object' || found === null) return {};
    return Object.fromEntries(Object.entries(found).filter((pair): pair is [string, string] => typeof pair[1] === 'string'));
  } catch {
    return {};
  }
}

/** What the engine says of an argument, and where in it. */
export interface Objection {
  readonly detail: string;
  /** `/3` of a list's fourth value; empty for the whole argument. */
  readonly inside: string;
}

/** The engine's objections by argument; under the empty name those that belong to none of the fields. */
export function objections(fields: readonly Field[], errors: readonly FieldError[]): ReadonlyMap<string, readonly Objection[]> {
  const found = new Map<string, Objection[]>();
  for (const { pointer, detail } of errors) {
    const [, first = '', ...rest] = pointer.split('/');
    const name = first.replaceAll('~1', '/').replaceAll('~0', '~');
    const own = fields.some((field) => field.name === name) ? name : '';
    const inside = rest.length > 0 ? `/${rest.join('/')}` : '';
    found.set(own, [...(found.get(own) ?? []), { detail: own ? detail : [name, detail].filter(Boolean).join(' '), inside }]);
  }
  return found;
}
