import { address, navigate } from './address';
import { Store, type Readable } from './store';

/** How one query parameter becomes a value and back; `undefined` removes it from the address. */
export interface Parameter<T> {
  readonly initial: T;
  parse(text: string): T;
  format(value: T): string | undefined;
}

const none = (text: string): string | undefined => (text === '' ? undefined : text);

/** Text. */
export function text(initial = ''): Parameter<string> {
  return { initial, parse: (value) => value, format: (value) => (value === initial ? undefined : value) };
}

/** One of a few words; anything else in the address counts as the initial one. */
export function oneOf<T extends string>(words: readonly T[], initial: T): Parameter<T> {
  return {
    initial,
    parse: (value) => words.find((word) => word === value) ?? initial,
    format: (value) => (value === initial ? undefined : value),
  };
}

/** A number, or nothing. */
export function number(initial?: number): Parameter<number | undefined> {
  return {
    initial,
    parse: (value) => (value !== '' && Number.isFinite(Number(value)) ? Number(value) : initial),
    format: (value) => (value === undefined || value === initial ? undefined : String(value)),
  };
}

/** Yes or no. */
export function flag(initial = false): Parameter<boolean> {
  return { initial, parse: (value) => value !== '0', format: (value) => (value === initial ? undefined : value ? '1' : '0') };
}

/** Several texts, in their order. */
export function list(): Parameter<readonly string[]> {
  return {
    initial: [],
    parse: (value) => value.split(',').filter(Boolean).map(decodeURIComponent),
    format: (values) => none(values.map(encodeURIComponent).join(',')),
  };
}

type Schema = Record<string, Parameter<never>>;
type Values<S> = { readonly [K in keyof S]: S[K] extends Parameter<infer T> ? T : never };

/** The state of a page kept in the query of its address, so that a link opens the same view. */
export interface QueryState<V> extends Readable<V> {
  /** Changes some values: as a new step of the history unless `replace`. */
  readonly set: (change: Partial<V>, options?: { replace?: boolean }) => void;
  /** The address that would show this state with some values changed. */
  readonly href: (change: Partial<V>) => string;
  /** Ends following the address. */
  stop(): void;
}

/** Binds typed values to query parameters; parameters it does not name stay untouched. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- any parameter type fits; Values<S> gives each back exactly
export function queryState<S extends Record<string, Parameter<any>>>(schema: S): QueryState<Values<S>> {
  type V = Values<S>;
  const parameters = schema as unknown as Schema;
  const read = (): V => {
    const query = new URLSearchParams(address.value.query);
    const entries = Object.entries(parameters).map(([name, parameter]) => {
      const found = query.get(name);
      return [name, found === null ? parameter.initial : parameter.parse(found)];
    });
    return Object.fromEntries(entries) as V;
  };
  const href = (change: Partial<V>): string => {
    const query = new URLSearchParams(address.value.query);
    for (const [name, value] of Object.entries({ ...read(), ...change })) {
      const found = parameters[name]?.format(value as never);
      if (found === undefined) query.delete(name);
      else query.set(name, found);
    }
    const search = query.toString().replaceAll('%2C', ',').replaceAll('%3A', ':');
    return address.value.path + (search ? `?${search}` : '');
  };
  const path = address.value.path;
  const store = new Store<V>(read());
  const stop = address.subscribe((now) => {
    // another page's address is not this page's state
    if (now.path !== path) return;
    const next = read();
    if (JSON.stringify(next) !== JSON.stringify(store.value)) store.set(next);
  });
  return {
    get value() {
      return store.value;
    },
    subscribe: (listener) => store.subscribe(listener),
    set: (change, options) => navigate(href(change), options),
    href,
    stop,
  };
}
