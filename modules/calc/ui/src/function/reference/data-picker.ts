import { ChangeDetectionStrategy, Component, computed, effect, linkedSignal, output, signal, untracked } from '@angular/core';
import { api, formatTime, parseTime, zoneName } from '@dcp/api-service';
import { loadable, shared, StatePanel } from '@dcp/kit';
import { AssetTree, BatchTable, batchId, type Asset, type AssetSource, type Batch, type Element, type Unreadable } from '@dcp/plant';
import { dataReference, type Stretch, type Tag } from './reference';
import { t } from './texts';

const ADDRESS = '/api/framework/data-sources';
const PI = 'pi-web-api';
const HOUR_MS = 3_600_000;
/** Between two values, as the engine reads it; the first is for values as they were recorded. */
const STEPS: readonly (readonly [string, string])[] = [
  ['', ''],
  ['10s', '10 s'],
  ['60s', '1 min'],
  ['600s', '10 min'],
  ['3600s', '1 h'],
];
const part = encodeURIComponent;

/** Chooses process data of the site: tags of an element, and batches or a period. */
@Component({
  selector: 'calc-data-picker',
  imports: [AssetTree, BatchTable, StatePanel],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './data-picker.html',
  styles: `
    :host,
    .chosen {
      display: grid;
      grid-template-columns: minmax(0, 1fr);
      gap: var(--dcp-space-3);
    }
    .tree {
      display: block;
      max-height: 180px;
      padding: var(--dcp-space-1);
      border: 1px solid var(--dcp-hairline);
      overflow: auto;
    }
    fieldset {
      display: flex;
      flex-wrap: wrap;
      gap: var(--dcp-space-1) var(--dcp-space-4);
      max-height: 120px;
      margin: 0;
      padding: 0;
      border: 0;
      overflow: auto;
    }
    legend {
      padding: 0;
      font-weight: 500;
    }
    .choice {
      display: inline-flex;
      align-items: center;
      gap: var(--dcp-space-1);
    }
  `,
})
export class DataPicker {
  /** The reference, or nothing and why. */
  readonly changed = output<{ readonly text?: string; readonly missing?: string }>();
  protected readonly t = t;
  protected readonly steps = STEPS;
  protected readonly now = Date.now();
  protected readonly turn = signal(0);
  private readonly site = computed(() => shared.address().site);
  protected readonly sources = loadable({
    on: this.site,
    load: async (site, signal) => {
      const all = await api.get<readonly (AssetSource & { readonly kind: string })[]>(ADDRESS, { query: { site }, signal });
      return all.filter(({ kind }) => kind === PI);
    },
  });
  protected readonly load = (source: string, parent: string | undefined): Promise<readonly Element[]> =>
    api.get(`${ADDRESS}/${part(source)}/elements`, { query: { site: this.site(), parent } });
  protected readonly asset = signal<Asset | undefined>(undefined);
  protected readonly node = computed(() => {
    const asset = this.asset();
    return asset ? `${asset.source}|${asset.element.web_id}` : '';
  });
  private readonly below = computed(() => {
    const asset = this.asset();
    return asset && { site: this.site(), at: `${ADDRESS}/${part(asset.source)}/elements/${part(asset.element.web_id)}` };
  });
  protected readonly tags = loadable({
    on: this.below,
    load: async ({ site, at }, signal) => {
      const all = await api.get<readonly Tag[]>(`${at}/tags`, { query: { site }, signal });
      return all.filter(({ has_history }) => has_history);
    },
  });
  protected readonly batches = loadable({
    on: this.below,
    load: async ({ site, at }, signal) => {
      const found = await api.get<{ items: readonly Batch[]; unreadable: readonly Unreadable[] }>(`${at}/batches`, {
        query: { site },
        signal,
      });
      // the newest are looked for most
      return { ...found, items: [...found.items].reverse() };
    },
  });
  /** Another element has other tags and batches. */
  protected readonly picked = linkedSignal<string, ReadonlySet<string>>({ source: this.node, computation: () => new Set() });
  protected readonly selected = linkedSignal<string, ReadonlySet<string>>({ source: this.node, computation: () => new Set() });
  protected readonly when = signal<'period' | 'batches'>('period');
  protected readonly from = signal(local(this.now - HOUR_MS));
  protected readonly to = signal(local(this.now));
  protected readonly every = signal('60s');
  protected readonly zone = computed(() => {
    shared.clock();
    return zoneName(this.now);
  });

  constructor() {
    effect(() => {
      const told = this.told();
      untracked(() => this.changed.emit(told));
    });
  }

  protected pick(id: string): void {
    this.picked.update((before) => {
      const next = new Set(before);
      if (!next.delete(id)) next.add(id);
      return next;
    });
  }

  private told(): { readonly text?: string; readonly missing?: string } {
    const asset = this.asset();
    if (!asset) return { missing: t('chooseElement') };
    const tags = (this.tags.value() ?? []).filter(({ web_id }) => this.picked().has(web_id));
    if (tags.length === 0) return { missing: t('needTags') };
    const stretches = this.when() === 'period' ? this.period() : this.chosenBatches();
    if (stretches.length === 0) return { missing: t(this.when() === 'period' ? 'needPeriod' : 'needBatches') };
    return { text: dataReference({ source: asset.source, unit: asset.element.web_id, tags, stretches, every: this.every() }) };
  }

  private period(): readonly Stretch[] {
    const [start, end] = [parseTime(this.from()), parseTime(this.to())];
    if (start === undefined || end === undefined || start >= end) return [];
    return [{ id: 'period', start: new Date(start).toISOString(), end: new Date(end).toISOString() }];
  }

  private chosenBatches(): readonly Stretch[] {
    return (this.batches.value()?.items ?? []).filter((batch) => this.selected().has(batchId(batch)));
  }
}

/** As an input for date and time holds it. */
function local(at: number): string {
  return formatTime(at).replace(' ', 'T');
}
