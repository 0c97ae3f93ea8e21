import { Store, type Readable } from './store';

/** A short message over the page. */
export interface Toast {
  readonly id: number;
  readonly kind: 'done' | 'warning' | 'error';
  readonly text: string;
  /** One thing to do about it, such as undo. */
  readonly action?: { readonly label: string; run(): void };
}

/** Long enough to read and to reach the action by keyboard. */
const SHOWN_MS = 8000;
const shown = new Store<readonly Toast[]>([]);
let last = 0;

/** The messages on show; the shell draws them. */
export const toasts: Readable<readonly Toast[]> = shown;

/** Shows a message; errors and messages with an action stay until dismissed or twice as long. */
export function toast(text: string, options: { kind?: Toast['kind']; action?: Toast['action'] } = {}): number {
  const id = ++last;
  const kind = options.kind ?? 'done';
  shown.set([...shown.value, { id, kind, text, ...(options.action ? { action: options.action } : {}) }]);
  if (kind !== 'error') setTimeout(() => dismissToast(id), options.action ? SHOWN_MS * 2 : SHOWN_MS);
  return id;
}

/** Takes a message away. */
export function dismissToast(id: number): void {
  shown.set(shown.value.filter((one) => one.id !== id));
}
