import { ChangeDetectionStrategy, Component, computed, effect, untracked } from '@angular/core';
import { followLink, formatTime, localized, may, navigate, query, zoneName } from '@dcp/api-service';
import { CellTemplate, DataTable, InAddress, injectQueryState, loadable, shared, StatePanel, type Column } from '@dcp/kit';
import { PUBLISH, short, type ScriptRow } from '../model';
import { StateBadge } from '../parts/state-badge';
import { link, scriptLink, server } from '../place';
import { t } from '../texts';

/** All scripts of the engine; a row opens the script. */
@Component({
  selector: 'calc-scripts',
  imports: [CellTemplate, DataTable, InAddress, StateBadge, StatePanel],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './scripts-page.html',
  styles: `
    a.name {
      font-weight: 500;
    }
    .how {
      display: grid;
      gap: var(--dcp-space-2);
      justify-items: start;
    }
  `,
})
export class ScriptsPage {
  protected readonly t = t;
  protected readonly follow = followLink;
  protected readonly link = link;
  protected readonly scriptLink = scriptLink;
  protected readonly short = short;
  protected readonly permission = PUBLISH;
  protected readonly origin = location.origin;
  protected readonly state = injectQueryState({ q: query.text(), sort: query.text('name') });
  protected readonly scripts = loadable({ load: (_, signal) => server().scripts(signal) });
  protected readonly rows = computed(() => this.scripts.value() ?? []);
  protected readonly key = (row: ScriptRow): string => row.name;
  protected readonly mayPublish = computed(() => {
    shared.session();
    return may(PUBLISH, shared.address().site);
  });
  protected readonly columns = computed<readonly Column<ScriptRow>[]>(() => {
    shared.language();
    shared.clock();
    return [
      { id: 'name', header: () => t('script'), value: ({ name }) => name, width: 'minmax(144px, 1fr)' },
      { id: 'state', header: () => t('state'), value: ({ state }) => t(state), width: '112px' },
      {
        id: 'effective',
        header: () => t('effectiveVersion'),
        value: ({ effective }) => effective,
        text: ({ effective }) => (effective ? short(effective) : '–'),
        mono: true,
        width: '112px',
      },
      { id: 'versions', header: () => t('versions'), value: ({ versions }) => versions, numeric: true, width: '80px' },
      { id: 'functions', header: () => t('functions'), value: ({ functions }) => functions.join(', '), width: 'minmax(160px, 2fr)' },
      { id: 'by', header: () => t('publishedBy'), value: (row) => this.by(row), width: 'minmax(176px, 1fr)' },
      {
        id: 'at',
        header: () => t('publishedAt'),
        unit: () => zoneName(),
        value: ({ published_at }) => published_at,
        text: ({ published_at }) => formatTime(published_at),
        width: '216px',
      },
    ];
  });

  constructor() {
    // a module that starts brings its scripts
    effect(() => {
      shared.portal();
      untracked(() => this.scripts.reload());
    });
  }

  /** The author, or the module that brought the script. */
  protected by(row: ScriptRow): string {
    const module = row.brought_by;
    if (!module) return row.published_by.name;
    const title = shared.portal()?.modules.find(({ name }) => name === module)?.title;
    return t('ofModule', { module: title ? localized(title) : module });
  }

  protected open(row: ScriptRow): void {
    navigate(scriptLink(row.name));
  }
}
