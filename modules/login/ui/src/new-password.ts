import { computed, signal, type Signal, type WritableSignal } from '@angular/core';
import { t } from './texts';

/** Shorter ones are refused by the server too. */
export const SHORTEST_PASSWORD = 12;

/** A new password typed twice. */
export interface NewPassword {
  readonly first: WritableSignal<string>;
  readonly second: WritableSignal<string>;
  readonly firstError: Signal<string>;
  readonly secondError: Signal<string>;
  /** Shows the errors from now on; answers whether the password may be sent. */
  check(): boolean;
}

/** Makes the state of the two fields. */
export function newPassword(): NewPassword {
  const first = signal('');
  const second = signal('');
  const checked = signal(false);
  const firstError = computed(() => (checked() && first().length < SHORTEST_PASSWORD ? t('short', { count: SHORTEST_PASSWORD }) : ''));
  const secondError = computed(() => (checked() && first() !== second() ? t('different') : ''));
  return {
    first,
    second,
    firstError,
    secondError,
    check: () => {
      checked.set(true);
      return !firstError() && !secondError();
    },
  };
}
