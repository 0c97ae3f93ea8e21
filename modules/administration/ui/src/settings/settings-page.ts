import { ChangeDetectionStrategy, Component, computed } from '@angular/core';
import { query } from '@dcp/api-service';
import { DataTable, InAddress, injectQueryState, loadable, shared, StatePanel, type Column } from '@dcp/kit';
import { server, type SettingSource, type SettingsInForce } from '../model';
import { t } from '../texts';

/** One setting of a node or of a module on it. */
interface Row {
  readonly node: string;
  readonly module: string;
  readonly key: string;
  readonly value: string;
  readonly source: SettingSource;
}

function rowsOf(node: SettingsInForce): readonly Row[] {
  const place = (module: string, key: string): string => `${node.node} ${module} ${key}`;
  const rows = new Map<string, Row>();
  const add = (module: string, settings: SettingsInForce['settings']): void => {
    for (const { key, value, source } of settings)
      rows.set(place(module, key), { node: node.node, module, key, value: value ?? '', source });
  };
  add('', node.settings);
  for (const { module, settings } of node.modules) add(module, settings);
  return [...rows.values()];
}

/** What each node and each module works with, and where each value comes from. */
@Component({
  selector: 'adm-settings',
  imports: [DataTable, InAddress, StatePanel],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './settings-page.html',
  styles: `
    :host {
      display: grid;
      grid-template-columns: minmax(0, 1fr);
      gap: var(--dcp-space-3);
    }
  `,
})
export class SettingsPage {
  protected readonly t = t;
  protected readonly place = injectQueryState({ q: query.text(), sort: query.text() });
  protected readonly nodes = loadable({ load: (_, signal) => server.settings(signal) });
  protected readonly rows = computed(() => (this.nodes.value() ?? []).flatMap(rowsOf));
  protected readonly key = (row: Row): string => `${row.node} ${row.module} ${row.key}`;

  /** Nodes that do not tell. */
  protected readonly silent = computed(() => (this.nodes.value() ?? []).filter(({ problem }) => problem));

  /** Modules that refuse their settings, or cannot be asked. */
  protected readonly problems = computed(() =>
    (this.nodes.value() ?? []).flatMap(({ node, modules }) =>
      modules.filter(({ problem }) => problem !== null).map(({ module, problem }) => ({ node, module, problem })),
    ),
  );

  protected readonly columns = computed<readonly Column<Row>[]>(() => {
    shared.language();
    return [
      { id: 'node', header: () => t('node'), value: (row) => row.node, mono: true, width: 'minmax(112px, 1fr)' },
      { id: 'module', header: () => t('module'), value: (row) => row.module, mono: true, width: 'minmax(112px, 1fr)' },
      { id: 'key', header: () => t('setting'), value: (row) => row.key, mono: true, width: 'minmax(200px, 2fr)' },
      { id: 'value', header: () => t('value'), value: (row) => row.value, mono: true, width: 'minmax(200px, 3fr)' },
      { id: 'source', header: () => t('source'), value: (row) => this.sourceText(row.source), width: 'minmax(160px, 3fr)' },
    ];
  });

  private sourceText(source: SettingSource): string {
    switch (source.from) {
      case 'default':
        return t('sourceDefault');
      case 'variable':
        return t('sourceVariable', { name: source.name });
      case 'file':
        return source.line === null ? source.file : t('sourceLine', { file: source.file, line: source.line });
    }
  }
}
