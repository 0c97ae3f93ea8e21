import { ChangeDetectionStrategy, Component, computed } from '@angular/core';
import { localized, query, saveFile } from '@dcp/api-service';
import { DataTable, Icon, InAddress, injectQueryState, loadable, shared, StatePanel, type Column } from '@dcp/kit';
import { ContractPanel } from './contract-panel';
import { ADDRESS, contractsOf, loadDocument, type Contract } from './document';
import { t } from './texts';

/** What the modules tell and ask each other. */
@Component({
  selector: 'fw-contracts',
  imports: [ContractPanel, DataTable, Icon, InAddress, StatePanel],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './contracts-page.html',
  styleUrl: './contracts-page.css',
})
export class ContractsPage {
  protected readonly t = t;
  protected readonly address = ADDRESS;
  protected readonly place = injectQueryState({
    q: query.text(),
    sort: query.text('name'),
    module: query.text(),
    kind: query.oneOf(['', 'event', 'task'] as const, ''),
    message: query.text(),
  });
  protected readonly document = loadable({ load: (_, signal) => loadDocument(signal) });
  protected readonly all = computed(() => {
    const document = this.document.value();
    return document ? contractsOf(document) : [];
  });
  /** Modules that send or read anything, with their titles. */
  protected readonly modules = computed(() => {
    shared.language();
    const names = new Set(this.all().flatMap(({ senders, readers }) => [...senders, ...readers.map(({ module }) => module)]));
    return [...names].map((name) => ({ name, title: this.titleOf(name) })).sort((one, other) => one.title.localeCompare(other.title));
  });
  protected readonly rows = computed(() => {
    const { module, kind } = this.place.state();
    return this.all().filter(
      (one) =>
        (kind === '' || one.kind === kind) &&
        (module === '' || one.senders.includes(module) || one.readers.some((reader) => reader.module === module)),
    );
  });
  protected readonly missing = computed(() => (this.document.value()?.info['x-dcp-missing'] ?? []).join(', '));
  protected readonly key = (row: Contract): string => row.name;
  protected readonly selected = computed(() => new Set([this.place.state().message].filter(Boolean)));
  protected readonly chosen = computed(() => this.all().find(({ name }) => name === this.place.state().message));
  protected readonly columns = computed<readonly Column<Contract>[]>(() => {
    shared.language();
    return [
      { id: 'name', header: () => t('name'), value: (row) => row.name, mono: true, width: 'minmax(232px, 2fr)' },
      { id: 'kind', header: () => t('kind'), value: (row) => t(row.kind), width: '88px' },
      { id: 'sent', header: () => t('sentBy'), value: (row) => this.sendersOf(row), width: 'minmax(128px, 1fr)' },
      { id: 'read', header: () => t('readBy'), value: (row) => this.readersOf(row), width: 'minmax(128px, 1fr)' },
    ];
  });

  protected choose(keys: ReadonlySet<string>): void {
    this.place.set({ message: [...keys][0] ?? '' }, { replace: true });
  }

  protected kindOf(text: string): '' | 'event' | 'task' {
    return text === 'event' || text === 'task' ? text : '';
  }

  protected save(): void {
    const text = JSON.stringify(this.document.value(), null, 2);
    saveFile('asyncapi.json', new Blob([text], { type: 'application/json' }));
  }

  private sendersOf(row: Contract): string {
    if (row.kind === 'task' && row.senders.length === 0) return t('anyone');
    return row.senders.map((name) => this.titleOf(name)).join(', ') || t('nobody');
  }

  private readersOf(row: Contract): string {
    return row.readers.map(({ module }) => this.titleOf(module)).join(', ') || t('nobody');
  }

  private titleOf(module: string): string {
    const found = shared.portal()?.modules.find(({ name }) => name === module);
    return found ? localized(found.title) : module;
  }
}
