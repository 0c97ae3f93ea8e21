// Data behind a chart: while the next answer is on its way the last one stays in sight, so that zooming does not flicker.

import { effect, signal, untracked } from '@angular/core';
import { ProblemError } from '@dcp/api-service';
import type { Loadable } from '@dcp/kit';

/**
 * Reads whenever `on` changes; `undefined` means there is nothing to read. An answer that was overtaken is dropped. `meanwhile` shows
 * what has come so far.
 */
export function steady<P, T>(
  on: () => P | undefined,
  read: (on: P, signal: AbortSignal, meanwhile: (part: T) => void) => Promise<T>,
): Loadable<T> {
  const value = signal<T | undefined>(undefined);
  const problem = signal<ProblemError | undefined>(undefined);
  const loading = signal(false);
  const turn = signal(0);
  effect((onCleanup) => {
    turn();
    const wanted = on();
    loading.set(wanted !== undefined);
    problem.set(undefined);
    if (wanted === undefined) {
      value.set(undefined);
      return;
    }
    const abort = new AbortController();
    onCleanup(() => abort.abort());
    const settle = (set: () => void): void => {
      if (abort.signal.aborted) return;
      set();
      loading.set(false);
    };
    const meanwhile = (part: T): void => {
      if (!abort.signal.aborted) value.set(part);
    };
    untracked(() => read(wanted, abort.signal, meanwhile)).then(
      (answer) =>
        settle(() => {
          value.set(answer);
        }),
      (error: unknown) => settle(() => problem.set(ProblemError.from(error))),
    );
  });
  return {
    value: value.asReadonly(),
    problem: problem.asReadonly(),
    loading: loading.asReadonly(),
    reload: () => turn.update((at) => at + 1),
    set: (next) => value.set(next),
  };
}

/** Equal contents are the same request. */
export function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
