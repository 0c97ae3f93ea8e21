import { ChangeDetectionStrategy, Component, computed, input } from '@angular/core';
import type { Model, Result } from './contract';
import { t } from './words';

/** What was asked for and is not part of the model, and why: nothing is dropped in silence. */
@Component({
  selector: 'mvda-left-out',
  changeDetection: ChangeDetectionStrategy.OnPush,
  styles: `
    .note {
      margin: var(--dcp-space-2) 0;
      padding: var(--dcp-space-2) var(--dcp-space-3);
      background: var(--dcp-warning-surface);
      color: var(--dcp-warning);
    }
    p {
      margin: 0;
    }
  `,
  template: `
    @if (reasons().length) {
      <div class="note" role="note">
        @for (reason of reasons(); track reason) {
          <p>{{ reason }}</p>
        }
      </div>
    }
  `,
})
export class LeftOut {
  readonly model = input.required<Model>();
  readonly result = input.required<Result>();
  protected readonly reasons = computed(() => {
    const { batches, excluded, without_values: empty = [] } = this.result();
    const constant = excluded.filter((tag) => !empty.includes(tag));
    const judged = new Set(batches.map(({ id }) => id));
    const missing = this.model().ask.batches.flatMap(({ id }) => (judged.has(id) ? [] : [id]));
    return [
      ...(empty.length ? [t('tagsWithoutValues', { names: empty.join(', ') })] : []),
      ...(constant.length ? [t('tagsConstant', { names: constant.join(', ') })] : []),
      ...(missing.length ? [t('batchesWithoutValues', { names: missing.join(', ') })] : []),
    ];
  });
}
