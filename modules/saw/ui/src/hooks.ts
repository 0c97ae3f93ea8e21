// The portal's shared values and the backend's answers as React state.

import { ProblemError, type Readable } from '@dcp/api-service';
import { useCallback, useEffect, useState, useSyncExternalStore } from 'react';

export function useReadable<T>(readable: Readable<T>): T {
  const subscribe = useCallback((changed: () => void) => readable.subscribe(changed), [readable]);
  return useSyncExternalStore(subscribe, () => readable.value);
}

export interface Loaded<T> {
  value: T | undefined;
  problem: ProblemError | undefined;
  reload: () => void;
}

/** Reads whenever the key changes; an empty key means there is nothing to read. */
export function useLoaded<T>(key: string, read: (signal: AbortSignal) => Promise<T>): Loaded<T> {
  const [turn, setTurn] = useState(0);
  const [state, setState] = useState<{
    key: string;
    value?: T;
    problem?: ProblemError;
  }>({ key: '' });
  useEffect(() => {
    if (!key) return;
    const abort = new AbortController();
    read(abort.signal).then(
      (value) => !abort.signal.aborted && setState({ key, value }),
      (error: unknown) =>
        !abort.signal.aborted &&
        setState((before) => ({
          ...(before.key === key ? before : {}),
          key,
          problem: ProblemError.from(error),
        })),
    );
    return () => abort.abort();
    // the key says everything that `read` depends on
  }, [key, turn]);
  const current = state.key === key;
  return {
    value: current ? state.value : undefined,
    problem: current ? state.problem : undefined,
    reload: () => setTurn((at) => at + 1),
  };
}
