import { ChangeDetectionStrategy, Component, computed, DestroyRef, inject, Injectable } from '@angular/core';
import { eventStream, formatNumber, formatTime, may, ProblemError, problemLine, toast, zoneName } from '@dcp/api-service';
import { CellTemplate, DataTable, loadable, shared, StatePanel, type Column } from '@dcp/kit';
import { backend } from './backend';
import type { ModelState, ModelSummary } from './contract';
import { ModelForm } from './model-form';
import { ModelPage } from './model-page';
import { View } from './view';
import { t } from './words';

interface Progressed {
  id: string;
  state: ModelState;
  progress: ModelSummary['progress'];
}

/** The models of the unit, kept up to date by the server's events. */
@Injectable()
export class ModelList {
  private readonly view = inject(View);
  readonly models = loadable({
    on: () => this.view.state().unit || undefined,
    load: (unit, signal) => backend.models(unit, signal),
  });

  constructor() {
    const stream = eventStream<{ model: Progressed }>(
      backend.streamUrl(this.view.site()),
      { model: (event) => this.follow(event) },
      (again) => again && this.models.reload(),
    );
    inject(DestroyRef).onDestroy(() => stream.close());
  }

  find(id: string): ModelSummary | undefined {
    return this.models.value()?.find((model) => model.id === id);
  }

  async act(model: ModelSummary, action: 'cancel' | 'archive' | 'restore'): Promise<void> {
    try {
      await backend.act(model.id, action);
      this.models.reload();
      const undo =
        action === 'archive'
          ? {
              action: {
                label: t('undo'),
                run: () => void this.act(model, 'restore'),
              },
            }
          : {};
      toast(t(`done_${action}`, { name: title(model) }), undo);
    } catch (error) {
      toast(problemLine(ProblemError.from(error)), { kind: 'error' });
    }
  }

  private follow(event: Progressed): void {
    const list = this.models.value();
    const known = list?.find((model) => model.id === event.id);
    if (!list || !known || known.state !== event.state) {
      this.models.reload();
      return;
    }
    this.models.set(list.map((model) => (model.id === event.id ? { ...model, progress: event.progress } : model)));
  }
}

/** Name and version, as a model is called everywhere. */
export function title(model: Pick<ModelSummary, 'name' | 'version'>): string {
  return `${model.name} v${model.version}`;
}

export function author(model: Pick<ModelSummary, 'created_by'>): string {
  return model.created_by.name;
}

/** The stored models of a unit; one of them, or the form for a new one, when the address says so. */
@Component({
  selector: 'mvda-models',
  changeDetection: ChangeDetectionStrategy.OnPush,
  imports: [CellTemplate, DataTable, ModelForm, ModelPage, StatePanel],
  providers: [ModelList],
  styles: `
    progress {
      width: 120px;
      accent-color: var(--dcp-accent);
      vertical-align: middle;
    }
  `,
  template: `
    @if (view.state().create) {
      <mvda-model-form />
    } @else if (view.state().model) {
      <mvda-model />
    } @else {
      <dcp-state [of]="list.models" [empty]="rows().length === 0" [emptyTitle]="t('noModels')" [emptyText]="t('noModelsText')">
        <dcp-table
          class="dcp-panel"
          [rows]="rows()"
          [columns]="columns"
          [key]="id"
          [label]="t('modelsOf', { unit: view.unitName() })"
          [openable]="true"
          [file]="'GxP_' + view.unitName() + '_models'"
          maxHeight="calc(100vh - 264px)"
          (opened)="open($event)"
        >
          <ng-template dcpCell="name" [dcpCellOf]="rows()" let-row
            ><a [href]="view.href({ model: row.id })" (click)="$event.preventDefault(); open(row)">{{ row.name }}</a>
            @if (row.archived) {
              <span class="dcp-badge"> {{ t('archived') }}</span>
            }
          </ng-template>
          <ng-template dcpCell="state" [dcpCellOf]="rows()" let-row>
            @if (row.state === 'running' || row.state === 'queued') {
              <progress max="1" [value]="row.progress.fraction" [attr.aria-label]="t('progress')"></progress>
              <button type="button" class="dcp-button dcp-button--quiet" (click)="list.act(row, 'cancel')">
                {{ t('cancel') }}
              </button>
            } @else {
              <span class="dcp-badge" [class.dcp-badge--good]="row.state === 'ready'" [class.dcp-badge--danger]="row.state === 'failed'">{{
                t(row.state)
              }}</span>
            }
          </ng-template>
          <ng-template dcpCell="actions" [dcpCellOf]="rows()" let-row>
            @if (row.archived) {
              <button type="button" class="dcp-button dcp-button--quiet" [disabled]="!allowed()" (click)="list.act(row, 'restore')">
                {{ t('restore') }}
              </button>
            } @else {
              <button type="button" class="dcp-button dcp-button--quiet" [disabled]="!allowed()" (click)="list.act(row, 'archive')">
                {{ t('archive') }}
              </button>
            }
          </ng-template>
          <div tableActions class="dcp-toolbar">
            <button
              type="button"
              class="dcp-button dcp-button--primary"
              [disabled]="!allowed()"
              [title]="allowed() ? '' : t('notAllowed')"
              (click)="create()"
            >
              {{ t('newModel') }}
            </button>
          </div>
        </dcp-table>
        <button
          emptyAction
          type="button"
          class="dcp-button dcp-button--primary"
          [disabled]="!allowed()"
          [title]="allowed() ? '' : t('notAllowed')"
          (click)="create()"
        >
          {{ t('newModel') }}
        </button>
      </dcp-state>
    }
  `,
})
export class Models {
  protected readonly t = t;
  protected readonly view = inject(View);
  protected readonly list = inject(ModelList);
  protected readonly rows = computed(() => this.list.models.value() ?? []);
  protected readonly id = (model: ModelSummary): string => model.id;
  protected readonly allowed = computed(() => {
    shared.session();
    return may('mvda.model');
  });
  protected readonly columns: readonly Column<ModelSummary>[] = [
    {
      id: 'name',
      header: () => t('model'),
      value: (model) => model.name,
      width: 'minmax(160px, 2fr)',
    },
    {
      id: 'version',
      header: () => t('version'),
      value: (model) => model.version,
      numeric: true,
      width: '72px',
    },
    {
      id: 'kind',
      header: () => t('kind'),
      value: (model) => model.kind,
      text: (model) => t(model.kind),
      width: 'minmax(120px, 1fr)',
    },
    {
      id: 'state',
      header: () => t('state'),
      value: (model) => model.state,
      text: (model) => t(model.state),
      width: 'minmax(200px, 1fr)',
    },
    {
      id: 'reference',
      header: () => t('referenceBatches'),
      value: (model) => model.reference_batches,
      text: (model) => `${model.reference_batches} / ${model.batches}`,
      numeric: true,
      width: '110px',
    },
    {
      id: 'r2y',
      header: () => 'R²Y',
      value: (model) => model.r2y,
      text: (model) => formatNumber(model.r2y),
      numeric: true,
      width: '80px',
    },
    {
      id: 'abnormal',
      header: () => t('abnormal'),
      value: (model) => model.abnormal,
      numeric: true,
      width: '90px',
    },
    {
      id: 'created',
      header: () => t('created'),
      unit: () => zoneName(),
      value: (model) => model.created_at,
      text: (model) => formatTime(model.created_at),
      width: 'minmax(190px, 1fr)',
    },
    {
      id: 'by',
      header: () => t('by'),
      value: (model) => author(model),
      width: 'minmax(110px, 1fr)',
    },
    {
      id: 'actions',
      header: () => t('actions'),
      value: () => null,
      text: () => '',
      sortable: false,
      width: '100px',
    },
  ];

  protected open(model: ModelSummary): void {
    this.view.set({ model: model.id, section: 'overview', batch: '' });
  }

  protected create(): void {
    this.view.set({ create: 'evolution', model: '' });
  }
}
