import { ChangeDetectionStrategy, Component, computed, inject } from '@angular/core';
import { sortFromText, sortToText, StatePanel, type Sort } from '@dcp/kit';
import { batchId, BatchTable, type Batch } from '@dcp/plant';
import { Phases } from './phases';
import { Unit } from './unit';
import { View } from './view';
import { t } from './words';

/** The batches of the unit; what is selected here is in front in every other view. */
@Component({
  selector: 'mvda-batches',
  changeDetection: ChangeDetectionStrategy.OnPush,
  imports: [BatchTable, Phases, StatePanel],
  template: `
    <dcp-state
      [of]="unit.batches"
      [empty]="unit.batches.value()?.length === 0 && unit.unreadable().length === 0"
      [emptyTitle]="t('noBatches')"
      [emptyText]="t('noBatchesText')"
      [rows]="12"
    >
      <dcp-batch-table
        class="dcp-panel"
        [rows]="rows()"
        [unreadable]="unit.unreadable()"
        [unit]="view.unitName()"
        [now]="unit.now()"
        selectable="many"
        [openable]="true"
        [file]="'GxP_' + view.unitName() + '_batches'"
        [maxHeight]="first() ? '50vh' : 'calc(100vh - 264px)'"
        [selected]="selected()"
        (selectedChange)="select($event)"
        [filter]="view.state().search"
        (filterChange)="view.set({ search: $event }, { replace: true })"
        [sort]="sort()"
        (sortChange)="order($event)"
        (opened)="open($event)"
      >
        <div tableActions class="dcp-toolbar">
          <button
            type="button"
            class="dcp-button"
            [disabled]="!count()"
            [title]="count() ? '' : t('selectFirst')"
            (click)="view.set({ tab: 'overlay' })"
          >
            {{ t('overlayAction') }}
          </button>
          <button type="button" class="dcp-button" [disabled]="!count()" [title]="count() ? '' : t('selectFirst')" (click)="trend()">
            {{ t('trendAction') }}
          </button>
          <button
            type="button"
            class="dcp-button dcp-button--primary"
            [disabled]="!count()"
            [title]="count() ? '' : t('selectFirst')"
            (click)="view.set({ tab: 'models', create: 'evolution', model: '' })"
          >
            {{ t('referenceAction') }}
          </button>
        </div>
      </dcp-batch-table>
      @if (first(); as batch) {
        <mvda-phases [batch]="batch" [now]="unit.now()" />
      }
    </dcp-state>
  `,
})
export class Batches {
  protected readonly t = t;
  protected readonly unit = inject(Unit);
  protected readonly view = inject(View);
  protected readonly rows = computed(() => this.unit.batches.value() ?? []);
  protected readonly selected = computed<ReadonlySet<string>>(() => new Set(this.view.state().batches));
  /** The first of the selected, whose phases are shown. */
  protected readonly first = computed(() => this.rows().find(({ id }) => id === this.view.state().batches[0]));
  protected readonly count = computed(() => this.view.state().batches.length);
  protected readonly sort = computed(() => sortFromText(this.view.state().sort));

  protected select(batches: ReadonlySet<string>): void {
    // in the order of the batches, so that the same selection is the same address
    const known = this.rows().map(batchId);
    this.view.set({ batches: known.filter((id) => batches.has(id)), batch: '' }, { replace: true });
  }

  protected order(sort: Sort | undefined): void {
    this.view.set({ sort: sortToText(sort) }, { replace: true });
  }

  protected trend(): void {
    this.view.set({
      tab: 'trend',
      range: 'batch',
      batch: this.view.state().batches[0] ?? '',
      from: undefined,
      to: undefined,
    });
  }

  protected open(batch: Batch): void {
    this.view.set({
      tab: 'trend',
      range: 'batch',
      batch: batch.id,
      from: undefined,
      to: undefined,
    });
  }
}
