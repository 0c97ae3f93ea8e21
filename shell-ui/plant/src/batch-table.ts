import { ChangeDetectionStrategy, Component, computed, input, model, output } from '@angular/core';
import { CellTemplate, DataTable, type Sort } from '@dcp/kit';
import { batchColumns, batchId } from './columns';
import type { Batch, Unreadable } from './model';
import { t } from './texts';
import { UnreadableNote } from './unreadable-note';

/** The batches of a unit, to look at or to choose from; what can be done with the chosen goes into an element with `tableActions`. */
@Component({
  selector: 'dcp-batch-table',
  imports: [CellTemplate, DataTable, UnreadableNote],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <dcp-unreadable [of]="unreadable()" />
    <dcp-table
      [rows]="rows()"
      [columns]="columns()"
      [key]="id"
      [label]="label() || t('batchesOf', { unit: unit() })"
      [selectable]="selectable()"
      [openable]="openable()"
      [file]="file()"
      [maxHeight]="maxHeight()"
      [(selected)]="selected"
      [(filter)]="filter"
      [(sort)]="sort"
      (opened)="opened.emit($event)"
    >
      <ng-template dcpCell="status" [dcpCellOf]="rows()" let-row>
        @if (row.status === 'running') {
          <span class="dcp-badge dcp-badge--good">● {{ t('running') }}</span>
        } @else {
          <span class="dcp-quiet">{{ ended()(row) || t('complete') }}</span>
        }
      </ng-template>
      <ng-content select="[tableActions]" ngProjectAs="[tableActions]" />
    </dcp-table>
  `,
  styles: `
    :host {
      display: block;
    }
  `,
})
export class BatchTable {
  readonly rows = input.required<readonly Batch[]>();
  /** Batches that are missing, or of which something is, because it could not be read. */
  readonly unreadable = input<readonly Unreadable[]>([]);
  /** Name of the unit. */
  readonly unit = input.required<string>();
  /** What the table is called, when that says more than the unit. */
  readonly label = input('');
  /** What is said of a batch that has ended, when that says more than that it has. */
  readonly ended = input<(batch: Batch) => string>(() => '');
  /** The present, for batches that run. */
  readonly now = input.required<number>();
  readonly selectable = input<'none' | 'one' | 'many'>('none');
  readonly openable = input(false);
  readonly file = input<string>();
  readonly maxHeight = input('60vh');
  /** Ids of columns that are not shown. */
  readonly without = input<readonly string[]>([]);
  readonly selected = model<ReadonlySet<string>>(new Set());
  readonly filter = model('');
  readonly sort = model<Sort>();
  readonly opened = output<Batch>();
  protected readonly t = t;
  protected readonly id = batchId;
  protected readonly columns = computed(() => batchColumns(this.now()).filter(({ id }) => !this.without().includes(id)));
}
