import { ChangeDetectionStrategy, Component, computed, input, linkedSignal, output, signal } from '@angular/core';
import { formatTime, problemLine, ProblemError, toast, zoneName } from '@dcp/api-service';
import { CellTemplate, DataTable, loadable, shared, StatePanel, type Column } from '@dcp/kit';
import { s } from './setup-texts';
import { differences, setups, type Change } from './setup';

/** The record of the sources of a site; an earlier state can be made the present one. */
@Component({
  selector: 'fw-source-changes',
  imports: [CellTemplate, DataTable, StatePanel],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <section class="dcp-panel" aria-labelledby="changes-title">
      <header>
        <h2 id="changes-title">{{ s('changes') }}</h2>
        <span class="dcp-quiet dcp-small">{{ s('changesText') }}</span>
      </header>
      <dcp-state [of]="first" [empty]="rows().length === 0" [emptyTitle]="s('noChanges')" [emptyText]="s('noChangesText')" [rows]="3">
        <dcp-table file="data-source-changes" maxHeight="320px" [label]="s('changes')" [rows]="rows()" [columns]="columns()" [key]="key">
          <ng-template dcpCell="undo" [dcpCellOf]="rows()" let-row>
            @if (row.restorable && row.action !== 'removed') {
              <button
                type="button"
                class="dcp-button"
                [attr.aria-label]="s('restoreOf', { name: row.setup.name, version: row.version })"
                (click)="restore.emit({ change: row, newest: newest(row) })"
              >
                {{ s('restore') }}
              </button>
            }
          </ng-template>
        </dcp-table>
        @if (next(); as before) {
          <button type="button" class="dcp-button older" [disabled]="loading()" (click)="older(before)">{{ s('older') }}</button>
        }
      </dcp-state>
    </section>
  `,
  styles: `
    button {
      min-height: 24px;
      font-size: var(--dcp-size-small);
    }
    .older {
      margin: var(--dcp-space-2);
    }
  `,
})
export class ChangesPanel {
  readonly site = input.required<string>();
  /** Each change reads the record anew. */
  readonly turn = input(0);
  /** The state to be restored, and the version of the newest one. */
  readonly restore = output<{ change: Change; newest: number }>();
  protected readonly s = s;
  protected readonly first = loadable({
    on: () => ({ site: this.site(), turn: this.turn() }),
    load: ({ site }, signal) => setups.changes(site, undefined, signal),
  });
  private readonly page = linkedSignal(() => this.first.value());
  protected readonly rows = computed(() => this.page()?.items ?? []);
  protected readonly next = computed(() => this.page()?.next ?? undefined);
  protected readonly loading = signal(false);
  protected readonly key = (row: Change): string => `${row.source} ${row.version}`;
  protected readonly columns = computed<readonly Column<Change>[]>(() => {
    shared.language();
    return [
      {
        id: 'at',
        header: () => s('at'),
        unit: () => zoneName(),
        value: (row) => row.at,
        text: (row) => formatTime(row.at),
        width: '180px',
      },
      { id: 'source', header: () => s('source'), value: (row) => row.setup.name, width: 'minmax(120px, 1fr)' },
      { id: 'action', header: () => s('action'), value: (row) => whatWasDone(row), width: 'minmax(112px, 1fr)' },
      { id: 'detail', header: () => s('detail'), value: (row) => whatIsDifferent(row), width: 'minmax(160px, 2fr)' },
      { id: 'why', header: () => s('why'), value: (row) => reason(row), width: 'minmax(160px, 2fr)' },
      { id: 'by', header: () => s('by'), value: (row) => (isFile(row) ? s('siteFile') : row.by.name), width: '128px' },
      { id: 'undo', header: () => s('undo'), value: () => '', sortable: false, width: '144px' },
    ];
  });

  protected newest({ source }: Change): number {
    return Math.max(...this.rows().flatMap((row) => (row.source === source ? [row.version] : [])));
  }

  protected async older(before: string): Promise<void> {
    this.loading.set(true);
    try {
      const more = await setups.changes(this.site(), before);
      this.page.update((page) => ({ items: [...(page?.items ?? []), ...more.items], next: more.next }));
    } catch (error) {
      toast(problemLine(ProblemError.from(error)), { kind: 'error' });
    }
    this.loading.set(false);
  }
}

const isFile = (row: Change): boolean => row.by.id === 'site-file';

function reason(row: Change): string {
  if (!isFile(row)) return row.reason;
  return s(row.action === 'released' ? 'fileSaysNoMore' : 'fileSays');
}

function whatWasDone(row: Change): string {
  const done = s(`action_${row.action}`);
  return row.answered === false ? `${done}, ${s('notAnswered')}` : done;
}

function whatIsDifferent(row: Change): string {
  return differences(row)
    .map(({ part, from, to }) => `${s(part)}: ${from || s('empty')} → ${to || s('empty')}`)
    .join('; ');
}
