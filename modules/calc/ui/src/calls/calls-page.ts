import { ChangeDetectionStrategy, Component, computed, inject, DestroyRef } from '@angular/core';
import {
  followLink,
  formatDuration,
  formatTime,
  may,
  navigate,
  problemLine,
  ProblemError,
  query,
  serverText,
  toast,
  zoneName,
} from '@dcp/api-service';
import { CellTemplate, DataTable, InAddress, injectQueryState, loadable, shared, StatePanel, type Column } from '@dcp/kit';
import { CALL, calledOf, isUnderWay, short, type Call, type CallState } from '../model';
import { link, server } from '../place';
import { t } from './texts';

const REFRESH_MS = 2000;
/** More are a matter for a report. */
const LIMIT = 200;
const STATES = ['', 'running', 'done'] as const;
const LOOK: Readonly<Record<CallState, string>> = {
  queued: '',
  running: 'dcp-badge--warning',
  succeeded: 'dcp-badge--good',
  failed: 'dcp-badge--danger',
  cancelled: '',
  timed_out: 'dcp-badge--danger',
};

/** Calls that run and calls that ran, newest first; a running one can be cancelled. */
@Component({
  selector: 'calc-calls',
  imports: [CellTemplate, DataTable, InAddress, StatePanel],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './calls-page.html',
  styles: `
    :host {
      display: grid;
      grid-template-columns: minmax(0, 1fr);
      gap: var(--dcp-space-3);
    }
    label {
      display: inline-flex;
      align-items: center;
      gap: var(--dcp-space-1);
    }
    progress {
      width: 72px;
      accent-color: var(--dcp-accent);
    }
    .act {
      min-height: 24px;
      font-size: var(--dcp-size-small);
    }
  `,
})
export class CallsPage {
  protected readonly t = t;
  protected readonly look = LOOK;
  protected readonly link = link;
  protected readonly follow = followLink;
  protected readonly short = short;
  protected readonly isUnderWay = isUnderWay;
  protected readonly states = STATES;
  protected readonly words = { '': 'all', running: 'underWay', done: 'ended' } as const;
  protected readonly state = injectQueryState({ state: query.oneOf(STATES, ''), mine: query.flag(), q: query.text() });
  protected readonly calls = loadable({
    on: () => ({ state: this.state.state().state, mine: this.state.state().mine }),
    load: ({ state, mine }, signal) => server().calls({ ...(state ? { state } : {}), ...(mine ? { mine } : {}), limit: LIMIT }, signal),
  });
  protected readonly rows = computed(() => this.calls.value() ?? []);
  protected readonly missing = computed(() => this.calls.problem()?.status === 404 || this.calls.problem()?.status === 405);
  protected readonly key = (row: Call): string => row.id;
  protected readonly mayCancel = computed(() => {
    shared.session();
    return may(CALL, shared.address().site);
  });
  protected readonly columns = computed<readonly Column<Call>[]>(() => {
    shared.language();
    shared.clock();
    return [
      { id: 'function', header: () => t('function'), value: (row) => this.nameOf(row), width: 'minmax(192px, 2fr)' },
      {
        id: 'version',
        header: () => t('version'),
        value: (row) => calledOf(row).version,
        text: (row) => short(calledOf(row).version) || '–',
        mono: true,
        width: '96px',
      },
      { id: 'state', header: () => t('state'), value: ({ state }) => t(state), width: '168px' },
      { id: 'progress', header: () => t('progress'), value: (row) => this.told(row), width: 'minmax(128px, 1fr)' },
      { id: 'by', header: () => t('askedBy'), value: (row) => who(row), width: 'minmax(112px, 1fr)' },
      {
        id: 'started',
        header: () => t('started'),
        unit: () => zoneName(),
        value: ({ started_at }) => started_at,
        text: ({ started_at }) => formatTime(started_at, { seconds: true }),
        width: 'minmax(160px, 1fr)',
      },
      {
        id: 'duration',
        header: () => t('duration'),
        value: ({ duration_ms }) => duration_ms,
        text: ({ duration_ms }) => formatDuration(duration_ms / 1000),
        numeric: true,
        width: '96px',
      },
      { id: 'actions', header: () => t('actions'), value: () => '', sortable: false, width: '104px' },
    ];
  });

  constructor() {
    const timer = setInterval(() => {
      if (!document.hidden && !this.missing()) this.calls.reload();
    }, REFRESH_MS);
    inject(DestroyRef).onDestroy(() => clearInterval(timer));
  }

  protected open(row: Call): void {
    navigate(link(`calls/${row.id}`));
  }

  protected async cancel(row: Call): Promise<void> {
    try {
      await server().cancel(row.id);
      toast(t('cancelling'));
    } catch (error) {
      toast(problemLine(ProblemError.from(error)), { kind: 'error' });
    }
    this.calls.reload();
  }

  protected nameOf(row: Call): string {
    return `${calledOf(row).name} · ${row.function}`;
  }

  /** What a call that goes on tells of itself, or why it gave nothing. */
  protected told({ progress, failure }: Call): string {
    shared.language();
    return failure ? serverText(failure.title) : (progress?.text ?? '');
  }
}

/** The person, or the module that asked over the bus. */
function who({ asked_by, through }: Call): string {
  return through === 'http' ? asked_by.name : through;
}
