import { ChangeDetectionStrategy, Component, computed, input, output } from '@angular/core';
import type { Phase } from './contract';
import { t } from './words';

/** Which part of a batch is shown: all of it, or one of its phases. */
@Component({
  selector: 'mvda-phase-picker',
  changeDetection: ChangeDetectionStrategy.OnPush,
  styles: `
    label {
      display: inline-flex;
      gap: 6px;
      align-items: center;
    }
  `,
  template: `
    <label
      >{{ t('phase') }}
      <select
        class="dcp-select"
        [disabled]="!choices().length"
        [title]="choices().length ? '' : t('noPhasesText')"
        (change)="changed.emit(value($event))"
      >
        <option value="" [selected]="!chosen()">{{ t('wholeBatch') }}</option>
        @for (one of choices(); track one.key) {
          <option [value]="one.key" [selected]="one.key === chosen()">{{ one.name }}</option>
        }
      </select>
    </label>
  `,
})
export class PhasePicker {
  readonly phases = input.required<readonly Phase[]>();
  /** Key of the chosen phase; empty for the whole batch. */
  readonly chosen = input('');
  readonly changed = output<string>();
  protected readonly t = t;
  protected readonly choices = computed(() => {
    const begun = this.phases().filter(({ duration_s }) => duration_s !== null);
    const chosen = this.chosen();
    // the batch at hand may not have the phase of the link
    const unknown = chosen && !begun.some(({ key }) => key === chosen) ? [{ key: chosen, name: chosen.split('\\').at(-1) ?? chosen }] : [];
    return [...begun.map(({ key, name, level }) => ({ key, name: '\u2003'.repeat(level - 1) + name })), ...unknown];
  });

  protected value(event: Event): string {
    return (event.target as HTMLSelectElement).value;
  }
}
