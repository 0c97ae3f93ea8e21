import { ChangeDetectionStrategy, Component, computed, DestroyRef, inject, input, linkedSignal, signal } from '@angular/core';
import { api } from '@dcp/api-service';
import { DataTable, loadable, shared, StatePanel, type Column } from '@dcp/kit';
import { AssetTree, BatchTable, type Asset, type Batch, type Element, type Unreadable } from '@dcp/plant';
import { tagsAddress, treeAddress, batchesAddress, type Source, type Tag } from './model';
import { t } from './texts';

const CLOCK_MS = 30_000;

/** What a source holds: its asset tree, and the tags and batches of the chosen element. */
@Component({
  selector: 'fw-source-contents',
  imports: [AssetTree, BatchTable, DataTable, StatePanel],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './source-contents.html',
  styles: `
    .columns {
      display: grid;
      grid-template-columns: 240px minmax(0, 1fr);
      align-items: start;
    }
    .tree {
      max-height: 640px;
      padding: var(--dcp-space-2);
      overflow: auto;
    }
    .element {
      display: grid;
      gap: var(--dcp-space-3);
      min-width: 0;
      padding: var(--dcp-space-3);
      border-left: 1px solid var(--dcp-hairline);
    }
    .path {
      overflow-wrap: anywhere;
    }
    @media (max-width: 720px) {
      .columns {
        grid-template-columns: minmax(0, 1fr);
      }
      .element {
        border-left: none;
      }
    }
  `,
})
export class SourceContents {
  readonly site = input.required<string>();
  readonly source = input.required<Source>();
  protected readonly t = t;
  private readonly id = computed(() => this.source().id);
  /** Another source is another tree. */
  protected readonly chosen = linkedSignal<string, Asset | undefined>({ source: this.id, computation: () => undefined });
  protected readonly turn = signal(0);
  protected readonly now = signal(Date.now());
  protected readonly sources = loadable({
    on: () => ({ id: this.id(), name: this.source().name, database: this.source().database }),
    load: (source) => Promise.resolve([source]),
  });
  protected readonly key = computed(() => {
    const asset = this.chosen();
    return asset ? `${asset.source}|${asset.element.web_id}` : '';
  });
  protected readonly load = (source: string, parent: string | undefined): Promise<readonly Element[]> =>
    api.get(treeAddress(source), { query: { site: this.site(), parent } });
  private readonly address = computed(() => {
    const asset = this.chosen();
    return asset && { site: this.site(), source: asset.source, element: asset.element.web_id };
  });
  protected readonly tags = loadable({
    on: this.address,
    load: ({ site, source, element }, signal) => api.get<readonly Tag[]>(tagsAddress(source, element), { query: { site }, signal }),
  });
  protected readonly batches = loadable({
    on: this.address,
    load: ({ site, source, element }, signal) =>
      api.get<{ items: readonly Batch[]; truncated: boolean; unreadable: readonly Unreadable[] }>(batchesAddress(source, element), {
        query: { site },
        signal,
      }),
  });
  protected readonly tagKey = (row: Tag): string => row.web_id;
  protected readonly columns = computed<readonly Column<Tag>[]>(() => {
    shared.language();
    return [
      { id: 'name', header: () => t('tag'), value: (row) => row.name, mono: true, width: 'minmax(160px, 1fr)' },
      { id: 'description', header: () => t('description'), value: (row) => row.description, width: 'minmax(160px, 2fr)' },
      { id: 'unit', header: () => t('unit'), value: (row) => row.unit || t('noUnit'), width: '96px' },
      { id: 'type', header: () => t('type'), value: (row) => row.type, mono: true, width: '112px' },
    ];
  });

  constructor() {
    const timer = setInterval(() => this.now.set(Date.now()), CLOCK_MS);
    inject(DestroyRef).onDestroy(() => clearInterval(timer));
  }

  protected again(): void {
    this.turn.update((turn) => turn + 1);
  }
}
