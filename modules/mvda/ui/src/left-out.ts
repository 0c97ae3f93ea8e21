import { ChangeDetectionStrategy, Component, computed, input } from '@angular/core';
import { WarningNote } from '@dcp/plant';
import type { Model, Result } from './contract';
import { t } from './words';

/** What was asked for and is not part of the model, and why: nothing is dropped in silence. */
@Component({
  selector: 'mvda-left-out',
  changeDetection: ChangeDetectionStrategy.OnPush,
  imports: [WarningNote],
  template: `<dcp-warning-note [of]="reasons()" />`,
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
