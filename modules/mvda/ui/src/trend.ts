import { ChangeDetectionStrategy, Component, computed, inject } from '@angular/core';
import { formatTime, parseTime, timeZone, zoneName } from '@dcp/api-service';
import { loadable, shared, StatePanel } from '@dcp/kit';
import type { TrendBand } from '@dcp/charts';
import { UnreadableNote, WarningNote, type Batch } from '@dcp/plant';
import { backend } from './backend';
import type { Chart } from './chart';
import type { Tag } from './contract';
import { Drawing } from './drawing';
import { Anew, Kept } from './kept';
import { labels } from './labels';
import { phaseBands } from './overlay-parts';
import { PhasePicker } from './phase-picker';
import { same, steady } from './steady';
import { TagPicker } from './tag-picker';
import { missing } from './missing';
import { bandsOf, isEmpty, seriesOf } from './trend-data';
import { Unit } from './unit';
import { RANGES, View } from './view';
import { t } from './words';

/** Points asked for: about four per pixel of a wide screen would be more than the eye resolves. */
const POINTS = 1600;
const HOUR = 3_600_000;
/** What the backend draws at once: more lines cannot be told apart. */
const MOST_TAGS = 20;
const LENGTHS: Record<string, number> = {
  '8h': 8,
  '24h': 24,
  '3d': 72,
  '7d': 168,
};

/** Trends of any tags of the unit, for a batch or for a range of time. */
@Component({
  selector: 'mvda-trend',
  changeDetection: ChangeDetectionStrategy.OnPush,
  imports: [Drawing, Kept, PhasePicker, StatePanel, TagPicker, UnreadableNote, WarningNote],
  styles: `
    .dcp-toolbar {
      margin-bottom: var(--dcp-space-3);
    }
    label {
      display: inline-flex;
      gap: 6px;
      align-items: center;
    }
  `,
  template: `
    <dcp-state [of]="unit.tags" [empty]="unit.tags.value()?.length === 0" [emptyTitle]="t('noTags')" [emptyText]="t('noTagsText')">
      <div class="dcp-toolbar">
        <mvda-tag-picker [chosen]="unit.chosen()" (changed)="choose($event)" />
        <div class="dcp-group" role="group" [attr.aria-label]="t('range')">
          @for (range of ranges; track range) {
            <button type="button" class="dcp-button" [attr.aria-pressed]="view.state().range === range" (click)="ranged(range)">
              {{ named(range) }}
            </button>
          }
        </div>
        @if (view.state().range === 'batch') {
          <label
            >{{ t('batch') }}
            <select class="dcp-select" (change)="batch($event)">
              @for (one of ordered(); track one.id) {
                <option [value]="one.id" [selected]="one.id === unit.batch()?.id">
                  {{ one.id }}{{ one.status === 'running' ? ' · ' + t('running') : '' }}
                </option>
              }
            </select>
          </label>
          <mvda-phase-picker [phases]="phases.value() ?? []" [chosen]="phase()?.key ?? ''" (changed)="limit($event)" />
        }
        @if (view.state().range === 'own') {
          <label
            >{{ t('from') }} <input class="dcp-input" type="datetime-local" [value]="local(span()?.from)" (change)="own('start', $event)"
          /></label>
          <label
            >{{ t('to') }} <input class="dcp-input" type="datetime-local" [value]="local(span()?.to)" (change)="own('end', $event)"
          /></label>
          <span class="dcp-hint">{{ zone() }}</span>
        }
        <span class="dcp-fill"></span>
        <mvda-kept [series]="data.value()?.series ?? []" (anew)="anew.ask()" />
        <div class="dcp-group" role="group" [attr.aria-label]="t('layout')">
          <button
            type="button"
            class="dcp-button"
            [attr.aria-pressed]="view.state().layout === 'lanes'"
            (click)="view.set({ layout: 'lanes' })"
          >
            {{ t('lanes') }}
          </button>
          <button
            type="button"
            class="dcp-button"
            [attr.aria-pressed]="view.state().layout === 'shared'"
            (click)="view.set({ layout: 'shared' })"
          >
            {{ t('sharedAxes') }}
          </button>
        </div>
      </div>
      @if (needsBatches() && !unit.batches.value()?.length) {
        <dcp-state [of]="unit.batches" [empty]="true" [emptyTitle]="t('noBatches')" [emptyText]="t('noBatchesTrend')">
          <button emptyAction type="button" class="dcp-button dcp-button--primary" (click)="ranged('24h')">
            {{ t('lastDay') }}
          </button>
        </dcp-state>
      } @else {
        <dcp-warning-note [of]="notes()" />
        <dcp-unreadable [of]="data.value()?.unreadable ?? []" />
        <mvda-drawing [of]="data" [chart]="chart()" />
      }
    </dcp-state>
  `,
})
export class TrendTab {
  protected readonly t = t;
  protected readonly ranges = RANGES;
  protected readonly unit = inject(Unit);
  protected readonly view = inject(View);

  protected readonly ordered = computed(() => [...(this.unit.batches.value() ?? [])].sort((a, b) => b.start.localeCompare(a.start)));

  protected readonly zone = computed(() => {
    shared.clock();
    return zoneName(this.span()?.from);
  });
  protected readonly needsBatches = computed(() => ['batch', 'all'].includes(this.view.state().range));

  /** The whole range on show in milliseconds. */
  protected readonly span = computed<{ from: number; to: number } | undefined>(() => {
    const { range, start, end } = this.view.state();
    if (range === 'batch') return this.batchSpan(this.unit.batch());
    if (range === 'own' && start && end) return { from: Date.parse(start), to: Date.parse(end) };
    const now = this.unit.now();
    const starts = (this.unit.batches.value() ?? []).map((batch) => Date.parse(batch.start));
    if (range === 'all') return starts.length ? { from: Math.min(...starts), to: now } : undefined;
    return { from: now - (LENGTHS[range] ?? 24) * HOUR, to: now };
  });

  protected readonly zoom = computed(() => {
    const { from, to } = this.view.state();
    return from !== undefined && to !== undefined && from < to ? { from, to } : undefined;
  });

  /** What the shown batch is made of. */
  protected readonly phases = loadable({
    on: () => {
      const { source, range } = this.view.state();
      const batch = range === 'batch' ? this.unit.batch() : undefined;
      return batch && { source, batch: batch.web_id };
    },
    load: ({ source, batch }, signal) => backend.phases(source, batch, signal),
  });
  /** The phase to which the chart is limited. */
  protected readonly phase = computed(() => {
    const zoom = this.zoom();
    return (
      zoom && this.phases.value()?.find(({ start, end }) => Date.parse(start) === zoom.from && end !== null && Date.parse(end) === zoom.to)
    );
  });

  protected readonly anew = new Anew();

  private readonly request = computed(
    () => {
      const shown = this.zoom() ?? this.span();
      const { source } = this.view.state();
      const tags = this.unit.chosen().slice(0, MOST_TAGS);
      if (!shown || tags.length === 0) return undefined;
      return {
        source,
        tags: tags.map((tag) => tag.web_id),
        start: new Date(shown.from).toISOString(),
        end: new Date(shown.to).toISOString(),
        asked: this.anew.asked(),
      };
    },
    { equal: same },
  );

  protected readonly data = steady(this.request, ({ source, tags, start, end, asked }, signal) =>
    this.anew.read(asked, (reload) => backend.trend(source, tags, { start, end }, POINTS, reload, signal)),
  );

  protected readonly chart = computed<Chart | undefined>(() => {
    shared.language();
    shared.clock();
    const answer = this.data.value();
    const range = this.span();
    if (!answer || !range) return undefined;
    const now = Date.now();
    return {
      kind: 'trend',
      options: {
        title: t('trendOf', { unit: this.view.unitName() }),
        ...labels(`${this.view.unitName()} ${t('trend')}`),
        bare: true,
        series: seriesOf(answer, this.unit.tags.value() ?? []),
        bands: this.bands(range),
        range,
        zoom: this.zoom(),
        layout: this.view.state().layout,
        timeZone: timeZone(),
        ...(now <= range.to + 60_000 ? { now } : {}),
        onZoom: (to, zoomed) => this.zoomed(to, zoomed),
      },
    };
  });

  /** What the reader looks for and cannot see here. */
  protected readonly notes = computed(() => {
    shared.language();
    shared.clock();
    const unknown = missing(this.unit, this.view, this.view.state().range === 'batch');
    const answer = this.data.value();
    if (!answer || this.data.loading() || this.data.problem() || !isEmpty(answer)) return unknown;
    const now = Date.now();
    const [start, end] = [formatTime(answer.start), formatTime(answer.end)];
    return [...unknown, Date.parse(answer.start) > now ? t('ahead', { start, now: formatTime(now) }) : t('nothing', { start, end })];
  });

  /** The phases of the batch that is shown, else the batches of the range. */
  private bands(range: { from: number; to: number }): TrendBand[] {
    const phases = this.view.state().range === 'batch' ? phaseBands(this.phases.value() ?? [], (at) => at, this.unit.now()) : [];
    return phases.length ? phases : bandsOf(this.unit.batches.value() ?? [], range);
  }

  protected limit(key: string): void {
    const phase = this.phases.value()?.find((one) => one.key === key);
    if (!phase) this.view.set({ from: undefined, to: undefined });
    else this.view.set({ from: Date.parse(phase.start), to: phase.end ? Date.parse(phase.end) : this.unit.now() });
  }

  protected named(range: (typeof RANGES)[number]): string {
    return t(`range_${range}`);
  }

  protected choose(tags: readonly Tag[]): void {
    this.view.set({ tags: tags.map((tag) => tag.name) });
  }

  protected ranged(range: (typeof RANGES)[number]): void {
    const shown = this.zoom() ?? this.span();
    const own =
      range === 'own' && shown
        ? {
            start: new Date(shown.from).toISOString(),
            end: new Date(shown.to).toISOString(),
          }
        : {};
    this.view.set({ range, from: undefined, to: undefined, ...own });
  }

  protected batch(event: Event): void {
    this.view.set({
      batch: (event.target as HTMLSelectElement).value,
      from: undefined,
      to: undefined,
    });
  }

  protected own(edge: 'start' | 'end', event: Event): void {
    const at = parseTime((event.target as HTMLInputElement).value);
    if (at !== undefined)
      this.view.set({
        [edge]: new Date(at).toISOString(),
        from: undefined,
        to: undefined,
      });
  }

  /** The clock of the charts, in the shape such an input takes. */
  protected local(at: number | undefined): string {
    return at === undefined ? '' : formatTime(at).replace(' ', 'T');
  }

  private batchSpan(batch: Batch | undefined): { from: number; to: number } | undefined {
    if (!batch) return undefined;
    const from = Date.parse(batch.start);
    const to = batch.end ? Date.parse(batch.end) : this.unit.now();
    // a little before and after, so that the edges of the batch can be seen
    const margin = Math.max(60_000, (to - from) * 0.05);
    return {
      from: from - margin,
      to: Math.min(to + margin, batch.end ? Infinity : this.unit.now()),
    };
  }

  private zoomed(range: { from: number; to: number }, zoomed: boolean): void {
    this.view.set(zoomed ? { from: Math.round(range.from), to: Math.round(range.to) } : { from: undefined, to: undefined }, {
      replace: true,
    });
  }
}
