import { Store, type Readable } from './store';

/** Whether the platform answers. */
export type ConnectionState = 'online' | 'lost';

const state = new Store<ConnectionState>('online');
/** How often a lost platform is asked whether it is back. */
const PROBE_MS = 3000;
let probing: ReturnType<typeof setTimeout> | undefined;

async function probe(): Promise<void> {
  probing = undefined;
  try {
    await fetch('/portal.json', { cache: 'no-store', method: 'HEAD' });
    connection.reached();
  } catch {
    probing = setTimeout(() => void probe(), PROBE_MS);
  }
}

/** The connection to the platform; requests report to it and a probe finds out when it is back. */
export const connection: Readable<ConnectionState> & { reached(): void; lost(): void } = {
  get value() {
    return state.value;
  },
  subscribe: (listener) => state.subscribe(listener),
  reached() {
    clearTimeout(probing);
    probing = undefined;
    state.set('online');
  },
  lost() {
    state.set('lost');
    probing ??= setTimeout(() => void probe(), PROBE_MS);
  },
};

addEventListener('offline', () => connection.lost());
addEventListener('online', () => void probe());
