import { ChangeDetectionStrategy, Component, computed, input, output } from '@angular/core';
import { formatTime, zoneName } from '@dcp/api-service';
import { CellTemplate, DataTable, shared, type Column } from '@dcp/kit';
import { short, type Step, type Version } from '../model';
import { StateBadge } from '../parts/state-badge';
import { t } from '../texts';

/** Every version of a script, and of the chosen one who did what when and why. */
@Component({
  selector: 'calc-versions',
  imports: [CellTemplate, DataTable, StateBadge],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <div class="dcp-panel">
      <dcp-table
        file="versions"
        selectable="one"
        maxHeight="40vh"
        [filterable]="false"
        [label]="t('versions')"
        [rows]="versions()"
        [columns]="columns()"
        [key]="key"
        [selected]="selected()"
        (selectedChange)="choose($event)"
      >
        <ng-template dcpCell="state" [dcpCellOf]="versions()" let-row><calc-state [state]="row.state" /></ng-template>
      </dcp-table>
    </div>
    <section class="dcp-panel" aria-labelledby="history-title">
      <header>
        <h2 id="history-title">{{ t('historyOf', { version: short(chosen()) }) }}</h2>
        <span class="dcp-quiet dcp-small">{{ zone() }}</span>
      </header>
      <div class="dcp-body">
        <ol role="list">
          @for (step of history(); track $index) {
            <li>
              <calc-state [state]="step.state" />
              <span>{{ when(step) }}</span>
              <span>{{ step.by.name }}</span>
              @if (step.reason) {
                <q class="dcp-quiet" translate="no">{{ step.reason }}</q>
              }
            </li>
          } @empty {
            <li class="dcp-quiet">{{ t('noHistory') }}</li>
          }
        </ol>
      </div>
    </section>
  `,
  styles: `
    :host {
      display: grid;
      grid-template-columns: minmax(0, 1fr);
      gap: var(--dcp-space-3);
    }
    ol {
      display: grid;
      gap: var(--dcp-space-2);
    }
    li {
      display: flex;
      flex-wrap: wrap;
      gap: var(--dcp-space-1) var(--dcp-space-3);
    }
  `,
})
export class VersionsTable {
  readonly versions = input.required<readonly Version[]>();
  readonly chosen = input.required<string>();
  readonly opened = output<string>();
  protected readonly t = t;
  protected readonly short = short;
  protected readonly key = (row: Version): string => row.version;
  protected readonly selected = computed(() => new Set([this.chosen()]));
  protected readonly history = computed(() => this.versions().find(({ version }) => version === this.chosen())?.history ?? []);
  protected readonly zone = computed(() => {
    shared.clock();
    return zoneName();
  });
  protected readonly columns = computed<readonly Column<Version>[]>(() => {
    shared.language();
    shared.clock();
    return [
      {
        id: 'version',
        header: () => t('version'),
        value: ({ version }) => version,
        text: (row) => short(row.version),
        mono: true,
        width: '112px',
      },
      { id: 'state', header: () => t('state'), value: ({ state }) => t(state), width: '112px' },
      { id: 'by', header: () => t('publishedBy'), value: (row) => row.published_by.name, width: 'minmax(128px, 1fr)' },
      {
        id: 'at',
        header: () => t('publishedAt'),
        unit: () => zoneName(),
        value: ({ published_at }) => published_at,
        text: ({ published_at }) => formatTime(published_at, { seconds: true }),
        width: 'minmax(160px, 1fr)',
      },
      { id: 'examples', header: () => t('examples'), value: (row) => examples(row), width: 'minmax(200px, 2fr)' },
    ];
  });

  protected when(step: Step): string {
    shared.clock();
    return formatTime(step.at, { seconds: true });
  }

  protected choose(keys: ReadonlySet<string>): void {
    const [version] = keys;
    if (version) this.opened.emit(version);
  }
}

function examples({ examples: { of, run, same, failed } }: Version): string {
  if (of === 0) return t('noExamples');
  return run < of ? t('examplesWaiting') : t('examplesTold', { run, same, failed });
}
