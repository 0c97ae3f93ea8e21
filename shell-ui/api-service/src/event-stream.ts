import { connection } from './connection';
import { Store, type Readable } from './store';

/** A running subscription to server-sent events. */
export interface EventStream {
  /** Whether events arrive now; `waiting` means it is trying again. */
  readonly state: Readable<'connecting' | 'open' | 'waiting'>;
  close(): void;
}

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;

/**
 * Listens to named server-sent events whose data is JSON. The browser's own reconnecting ends at the first answer that is not
 * 200 (a module restarting), so this opens the stream again itself, at growing intervals. `opened` is called each time, so that
 * the caller can read what it missed.
 */
export function eventStream<E extends object>(
  url: string,
  handlers: { readonly [K in keyof E]: (data: E[K]) => void },
  opened: (again: boolean) => void = () => undefined,
): EventStream {
  const state = new Store<'connecting' | 'open' | 'waiting'>('connecting');
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let wait = FIRST_WAIT_MS;
  let openings = 0;

  const open = (): void => {
    timer = undefined;
    source = new EventSource(url);
    source.onopen = () => {
      wait = FIRST_WAIT_MS;
      state.set('open');
      connection.reached();
      opened(openings++ > 0);
    };
    source.onerror = () => {
      source?.close();
      state.set('waiting');
      timer = setTimeout(open, wait * (0.75 + Math.random() / 2));
      wait = Math.min(wait * 2, LONGEST_WAIT_MS);
    };
    for (const name of Object.keys(handlers) as (keyof E & string)[]) {
      source.addEventListener(name, (event) => handlers[name](JSON.parse((event as MessageEvent<string>).data) as E[typeof name]));
    }
  };
  open();
  return {
    state,
    close: () => {
      clearTimeout(timer);
      source?.close();
    },
  };
}
