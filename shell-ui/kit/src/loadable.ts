import { DestroyRef, effect, inject, signal, untracked, type Signal } from '@angular/core';
import { ProblemError } from '@dcp/api-service';

/** A value that is read from the server: what is known, what went wrong, whether it is being read now. */
export interface Loadable<T> {
  /** The last value read; stays while it is read again. */
  readonly value: Signal<T | undefined>;
  readonly problem: Signal<ProblemError | undefined>;
  readonly loading: Signal<boolean>;
  /** Reads again. */
  reload(): void;
  /** Replaces the value by one the page knows to be newer. */
  set(value: T): void;
}

/**
 * Reads a value now and whenever what `on` looks at changes; a newer reading cancels the one before. `on` answering `undefined`
 * means that there is nothing to read yet. Call it while a component is being made.
 */
export function loadable<T, P = true>(options: {
  on?: () => P | undefined;
  load: (on: P, signal: AbortSignal) => Promise<T>;
}): Loadable<T> {
  const value = signal<T | undefined>(undefined);
  const problem = signal<ProblemError | undefined>(undefined);
  const loading = signal(false);
  const turn = signal(0);
  let running: AbortController | undefined;

  const read = async (on: P): Promise<void> => {
    running?.abort();
    const mine = (running = new AbortController());
    loading.set(true);
    try {
      const found = await options.load(on, mine.signal);
      if (mine !== running) return;
      value.set(found);
      problem.set(undefined);
    } catch (error) {
      if (mine !== running || ProblemError.isAbort(error)) return;
      problem.set(ProblemError.from(error));
    }
    loading.set(false);
  };
  let before: string | undefined;
  effect(() => {
    turn();
    const on = options.on ? options.on() : (true as P);
    const about = JSON.stringify(on);
    untracked(() => {
      // a value about something else must not be shown as if it were about this
      if (before !== undefined && about !== before) value.set(undefined);
      before = about;
      problem.set(undefined);
      if (on !== undefined) void read(on);
    });
  });
  inject(DestroyRef).onDestroy(() => running?.abort());
  return {
    value: value.asReadonly(),
    problem: problem.asReadonly(),
    loading: loading.asReadonly(),
    reload: () => turn.update((count) => count + 1),
    set: (next) => value.set(next),
  };
}
