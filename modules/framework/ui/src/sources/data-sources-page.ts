import { ChangeDetectionStrategy, Component, computed, DestroyRef, inject, input, signal } from '@angular/core';
import { formatAgo, formatDuration, may, problemLine, ProblemError, query, toast } from '@dcp/api-service';
import { CellTemplate, DataTable, InAddress, injectQueryState, loadable, shared, StatePanel, type Column } from '@dcp/kit';
import { ChangesPanel } from './changes-panel';
import { BADGE, checkSource, latencyText, loadSources, type Identity, type Source } from './model';
import { s } from './setup-texts';
import { setups, SOURCES, type Change } from './setup';
import { SourceContents } from './source-contents';
import { SourceDialog } from './source-dialog';
import { SourcePanel } from './source-panel';
import { StepDialog, type Step } from './step-dialog';
import { t } from './texts';

/** A source is asked once a minute; a look at what is known costs little. */
const REFRESH_MS = 10_000;

/** The sources of process data of a site: whether they answer, how fast, and who they are. */
@Component({
  selector: 'fw-data-sources',
  imports: [CellTemplate, ChangesPanel, DataTable, InAddress, SourceContents, SourceDialog, SourcePanel, StatePanel, StepDialog],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './data-sources-page.html',
  styles: `
    :host {
      display: grid;
      grid-template-columns: minmax(0, 1fr);
      gap: var(--dcp-space-3);
    }
    header {
      display: flex;
      flex-wrap: wrap;
      align-items: start;
      justify-content: space-between;
      gap: var(--dcp-space-2);
    }
    dcp-table button {
      min-height: 24px;
      font-size: var(--dcp-size-small);
    }
  `,
})
export class DataSourcesPage {
  readonly site = input.required<string>();
  protected readonly t = t;
  protected readonly s = s;
  protected readonly badge = BADGE;
  protected readonly place = injectQueryState({ q: query.text(), sort: query.text('name'), source: query.text() });
  protected readonly sources = loadable({ on: () => this.site(), load: loadSources });
  protected readonly rows = computed(() => this.sources.value() ?? []);
  protected readonly key = (row: Source): string => row.id;
  protected readonly chosen = computed(() => this.rows().find(({ id }) => id === this.place.state().source) ?? this.only());
  protected readonly selected = computed(() => {
    const chosen = this.chosen();
    return new Set(chosen ? [chosen.id] : []);
  });
  protected readonly asking = signal<ReadonlySet<string>>(new Set());
  /** Whether the user may set up the sources of this site. */
  protected readonly allowed = computed(() => may(SOURCES, this.site()));
  /** What the dialog is about. */
  protected readonly edited = signal<Source | 'new' | undefined>(undefined);
  protected readonly step = signal<Step | undefined>(undefined);
  protected readonly turn = signal(0);
  private readonly now = signal(Date.now());
  /** One source needs no choice. */
  private readonly only = computed(() => (this.rows().length === 1 ? this.rows()[0] : undefined));

  protected readonly columns = computed<readonly Column<Source>[]>(() => {
    shared.language();
    const now = this.now();
    const clock = (row: Source): number | null => row.health.identity?.clock_difference_ms ?? null;
    return [
      { id: 'name', header: () => t('name'), value: (row) => row.name, width: 'minmax(160px, 2fr)' },
      { id: 'condition', header: () => t('condition'), value: (row) => t(row.health.condition), width: '184px' },
      {
        id: 'latency',
        header: () => t('latency'),
        unit: () => 'ms',
        value: (row) => row.health.identity?.latency_ms ?? null,
        text: (row) => {
          const latency = row.health.identity?.latency_ms;
          return latency === undefined || row.health.condition === 'failed' ? '–' : latencyText(latency);
        },
        numeric: true,
        width: '112px',
      },
      {
        id: 'clock',
        header: () => t('clock'),
        value: clock,
        text: (row) => clockText(row.health.identity),
        numeric: true,
        width: '152px',
      },
      {
        id: 'version',
        header: () => t('version'),
        value: (row) => row.health.identity?.version ?? null,
        mono: true,
        width: 'minmax(96px, 1fr)',
      },
      {
        id: 'checked',
        header: () => t('checked'),
        value: (row) => row.health.checked_at,
        text: (row) => (row.health.checked_at ? formatAgo(row.health.checked_at, now) : '–'),
        width: '144px',
      },
      { id: 'actions', header: () => t('actions'), value: () => '', sortable: false, width: '128px' },
    ];
  });

  constructor() {
    const timer = setInterval(() => {
      if (document.visibilityState !== 'visible') return;
      this.now.set(Date.now());
      this.sources.reload();
    }, REFRESH_MS);
    inject(DestroyRef).onDestroy(() => clearInterval(timer));
  }

  protected open(keys: ReadonlySet<string>): void {
    this.place.set({ source: [...keys][0] ?? '' }, { replace: true });
  }

  protected saved(done: 'added' | 'changed', source: Source): void {
    this.edited.set(undefined);
    toast(s(done, { name: source.name }), { kind: 'done' });
    this.place.set({ source: source.id }, { replace: true });
    this.again();
  }

  protected takeOut(source: Source): void {
    const { id, name, version: seen } = source;
    this.step.set({
      heading: s('takeTitle', { name }),
      text: s('takeText'),
      button: s('take'),
      dangerous: true,
      done: s('removed', { name }),
      run: (order) => setups.remove(this.site(), id, { ...order, seen }),
    });
  }

  /** Who restores a state has seen the newest one that the record shows. */
  protected restore({ change, newest }: { change: Change; newest: number }): void {
    const { name } = change.setup;
    this.step.set({
      heading: s('restoreTitle', { name, version: change.version }),
      text: s('restoreText'),
      button: s('restore'),
      dangerous: false,
      done: s('restored', { name }),
      run: (order) => setups.restore(this.site(), change.source, change.version, { ...order, seen: newest }),
    });
  }

  protected done(step: Step): void {
    this.step.set(undefined);
    toast(step.done, { kind: 'done' });
    this.again();
  }

  private again(): void {
    this.sources.reload();
    this.turn.update((turn) => turn + 1);
  }

  protected async check(row: Source): Promise<void> {
    this.asking.update((ids) => new Set([...ids, row.id]));
    try {
      const found = await checkSource(this.site(), row.id);
      this.now.set(Date.now());
      this.sources.set(this.rows().map((one) => (one.id === found.id ? found : one)));
      toast(outcome(found), { kind: found.health.condition === 'failed' ? 'error' : 'done' });
    } catch (error) {
      toast(problemLine(ProblemError.from(error)), { kind: 'error' });
    } finally {
      this.asking.update((ids) => new Set([...ids].filter((id) => id !== row.id)));
    }
  }
}

function outcome({ name, health }: Source): string {
  if (health.condition === 'failed') return t('checkedFailed', { name });
  if (health.condition === 'warning') return t('checkedWarning', { name });
  return t('checkedNow', { name, latency: latencyText(health.identity?.latency_ms ?? 0) });
}

/** Less than a tenth of a second and less than the round trip is no difference. */
function clockText(identity: Identity | null): string {
  const milliseconds = identity?.clock_difference_ms ?? null;
  if (identity === null || milliseconds === null) return '–';
  if (Math.abs(milliseconds) < Math.max(100, identity.latency_ms)) return t('inStep');
  const seconds = formatDuration(Math.abs(milliseconds) / 1000);
  return t(milliseconds < 0 ? 'behind' : 'ahead', { seconds });
}
