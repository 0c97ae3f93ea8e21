// What stands in the place of a value: an earlier result, or process data that the engine reads itself.

/** A tag of an element. */
export interface Tag {
  readonly web_id: string;
  readonly name: string;
  readonly description: string;
  readonly unit: string;
  readonly has_history: boolean;
}

/** A stretch of time and what its rows are called; without an end it goes up to the newest value. */
export interface Stretch {
  readonly id: string;
  readonly start: string;
  readonly end: string | null;
}

/** What is chosen of a source of process data. */
export interface Chosen {
  readonly source: string;
  readonly unit: string;
  readonly tags: readonly Pick<Tag, 'name' | 'web_id'>[];
  readonly stretches: readonly Stretch[];
  /** Such as `60s`; empty for the values as they were recorded. */
  readonly every: string;
}

/** The argument that names an earlier result, or the part of it at a JSON pointer. */
export function resultReference(key: string, path: string): string {
  return JSON.stringify(path ? { $result: key, path } : { $result: key });
}

/** The argument that names process data. */
export function dataReference({ source, unit, tags, stretches, every }: Chosen): string {
  const query = {
    source,
    unit,
    tags: tags.map(({ name, web_id }) => ({ name, web_id })),
    batches: stretches.map(({ id, start, end }) => ({ id, start, end })),
    interpolation: every ? { interval: every } : 'recorded',
  };
  return JSON.stringify({ $pi: query });
}

/** Whether a text is a JSON pointer. */
export function isPointer(text: string): boolean {
  return /^(\/([^~/]|~[01])*)*$/.test(text);
}
