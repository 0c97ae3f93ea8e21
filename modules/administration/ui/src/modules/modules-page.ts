import { ChangeDetectionStrategy, Component, computed, DestroyRef, effect, inject, signal, untracked } from '@angular/core';
import { formatBytes, localized, may, problemLine, ProblemError, query, toast } from '@dcp/api-service';
import { CellTemplate, DataTable, InAddress, injectQueryState, loadable, shared, StatePanel, ZoneBadge, type Column } from '@dcp/kit';
import { OPERATE, server, type ModuleStatus } from '../model';
import { t } from '../texts';
import { InstancesPanel } from './instances-panel';
import { StopDialog } from './stop-dialog';

/** Memory changes without an event. */
const REFRESH_MS = 5000;
const BADGE = {
  ready: 'dcp-badge--good',
  degraded: 'dcp-badge--warning',
  down: 'dcp-badge--danger',
} as const;

@Component({
  selector: 'adm-modules',
  imports: [CellTemplate, DataTable, InAddress, InstancesPanel, StatePanel, StopDialog, ZoneBadge],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './modules-page.html',
  styles: `
    :host {
      display: grid;
      grid-template-columns: minmax(0, 1fr);
      gap: var(--dcp-space-3);
    }
    .actions {
      display: flex;
      gap: var(--dcp-space-1);
    }
    .actions button {
      min-height: 24px;
      font-size: var(--dcp-size-small);
    }
  `,
})
export class ModulesPage {
  protected readonly t = t;
  protected readonly operate = OPERATE;
  protected readonly badge = BADGE;
  protected readonly place = injectQueryState({
    q: query.text(),
    sort: query.text('module'),
    module: query.text(),
  });
  protected readonly modules = loadable({
    load: (_, signal) => server.modules(signal),
  });
  protected readonly rows = computed(() => this.modules.value() ?? []);
  protected readonly key = (row: ModuleStatus): string => `${row.module}@${row.node}`;
  protected readonly selected = computed(() => new Set([this.place.state().module].filter(Boolean)));
  protected readonly chosen = computed(() => this.rows().find((row) => this.key(row) === this.place.state().module));
  protected readonly stopping = signal<ModuleStatus | undefined>(undefined);
  protected readonly allowed = computed(() => {
    shared.session();
    return may(OPERATE, shared.address().site);
  });

  protected readonly columns = computed<readonly Column<ModuleStatus>[]>(() => {
    shared.language();
    const memory = (row: ModuleStatus): number => row.instances.reduce((sum, one) => sum + (one.memory_bytes ?? 0), 0);
    const ready = (row: ModuleStatus): number => row.instances.filter(({ state }) => state === 'ready').length;
    return [
      {
        id: 'module',
        header: () => t('module'),
        value: (row) => localized(row.title),
        width: 'minmax(200px, 2fr)',
      },
      {
        id: 'node',
        header: () => t('node'),
        value: (row) => row.node,
        mono: true,
        width: 'minmax(112px, 1fr)',
      },
      {
        id: 'zone',
        header: () => t('zone'),
        value: (row) => t(row.zone),
        width: '152px',
      },
      {
        id: 'version',
        header: () => t('version'),
        value: (row) => row.version,
        mono: true,
        width: '88px',
      },
      {
        id: 'health',
        header: () => t('health'),
        value: (row) => this.healthText(row),
        width: '128px',
      },
      {
        id: 'instances',
        header: () => t('instances'),
        value: ready,
        text: (row) => `${ready(row)} / ${row.instances.length}`,
        numeric: true,
        width: '96px',
      },
      {
        id: 'memory',
        header: () => t('memory'),
        value: memory,
        text: (row) => (row.instances.length ? formatBytes(memory(row)) : '–'),
        numeric: true,
        width: '96px',
      },
      {
        id: 'restarts',
        header: () => t('restarts'),
        value: (row) => row.instances.reduce((sum, one) => sum + one.restarts, 0),
        numeric: true,
        width: '96px',
      },
      {
        id: 'actions',
        header: () => t('actions'),
        value: () => '',
        sortable: false,
        width: '208px',
      },
    ];
  });

  constructor() {
    // a module that starts or stops is news at once
    effect(() => {
      shared.portal();
      untracked(() => this.modules.reload());
    });
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') this.modules.reload();
    }, REFRESH_MS);
    inject(DestroyRef).onDestroy(() => clearInterval(timer));
  }

  /** Says more than the health where there is more to say. */
  protected healthText(row: ModuleStatus): string {
    const states = new Set(row.instances.map(({ state }) => state));
    if (row.health === 'down' && (row.state === 'stopped' || states.size === 0)) return t('stopped');
    if (row.health !== 'ready' && states.has('starting')) return t('starting');
    return t(row.health);
  }

  protected runs(row: ModuleStatus): boolean {
    return row.instances.some(({ state }) => state !== 'stopped');
  }

  protected open(keys: ReadonlySet<string>): void {
    this.place.set({ module: [...keys][0] ?? '' }, { replace: true });
  }

  protected titleOf(row: ModuleStatus): string {
    return localized(row.title);
  }

  protected async order(row: ModuleStatus, what: 'start' | 'stop' | 'restart'): Promise<void> {
    this.stopping.set(undefined);
    try {
      await server.order(row.node, row.module, what);
      toast(t('ordered', { title: localized(row.title), what: t(what) }));
    } catch (error) {
      toast(`${localized(row.title)}: ${problemLine(ProblemError.from(error))}`, {
        kind: 'error',
      });
    }
    this.modules.reload();
  }
}
