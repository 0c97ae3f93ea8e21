/** A value that tells its listeners when it changes. */
export interface Readable<T> {
  readonly value: T;
  /** Calls the listener at every change, not at once; the answer ends the subscription. */
  subscribe(listener: (value: T) => void): () => void;
}

/** A readable value that its owner may set. */
export class Store<T> implements Readable<T> {
  private readonly listeners = new Set<(value: T) => void>();

  constructor(private current: T) {}

  get value(): T {
    return this.current;
  }

  set(value: T): void {
    if (Object.is(value, this.current)) return;
    this.current = value;
    for (const listener of [...this.listeners]) listener(value);
  }

  subscribe(listener: (value: T) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}

const PREFIX = 'dcp.';

/** A store that LocalStorage remembers, and that follows the other tabs of the same browser. */
export function remembered<T>(name: string, initial: T, valid: (value: unknown) => value is T): Store<T> {
  const key = PREFIX + name;
  const read = (text: string | null): T => {
    try {
      const value: unknown = text === null ? initial : JSON.parse(text);
      return valid(value) ? value : initial;
    } catch {
      return initial;
    }
  };
  const store = new Store<T>(read(storage()?.getItem(key) ?? null));
  store.subscribe((value) => storage()?.setItem(key, JSON.stringify(value)));
  addEventListener('storage', (event) => {
    if (event.key === key) store.set(read(event.newValue));
  });
  return store;
}

/** Browsers that forbid storage throw on the mere access. */
function storage(): Storage | undefined {
  try {
    return localStorage;
  } catch {
    return undefined;
  }
}
