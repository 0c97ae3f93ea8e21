import { ChangeDetectionStrategy, Component, computed, inject } from '@angular/core';
import type { OverlayLane, OverlayLine } from '@dcp/charts';
import { shared, StatePanel } from '@dcp/kit';
import { lasting } from '@dcp/plant';
import { backend } from './backend';
import type { Chart } from './chart';
import type { OverlayAnswer, Tag } from './contract';
import { Drawing } from './drawing';
import { envelopeOf } from './envelope';
import { Anew, Kept } from './kept';
import { labels } from './labels';
import { same, steady } from './steady';
import { TagPicker } from './tag-picker';
import { Unit } from './unit';
import { View } from './view';
import { t } from './words';

const POINTS = 300;
/** More lanes than this would be lines without room. */
const LANES = 6;

/** All batches of the unit over each other, aligned at their start; the selected ones in front of what the complete ones usually do. */
@Component({
  selector: 'mvda-overlay',
  changeDetection: ChangeDetectionStrategy.OnPush,
  imports: [Drawing, Kept, StatePanel, TagPicker],
  styles: `
    .dcp-toolbar {
      margin-bottom: var(--dcp-space-3);
    }
  `,
  template: `
    <dcp-state
      [of]="unit.batches"
      [empty]="unit.batches.value()?.length === 0"
      [emptyTitle]="t('noBatches')"
      [emptyText]="t('noBatchesText')"
    >
      <div class="dcp-toolbar">
        <mvda-tag-picker [chosen]="unit.chosen()" (changed)="choose($event)" />
        <div class="dcp-group" role="group" [attr.aria-label]="t('alignment')">
          <button
            type="button"
            class="dcp-button"
            [attr.aria-pressed]="view.state().align === 'elapsed'"
            (click)="view.set({ align: 'elapsed', from: undefined, to: undefined })"
          >
            {{ t('elapsed') }}
          </button>
          <button
            type="button"
            class="dcp-button"
            [attr.aria-pressed]="view.state().align === 'maturity'"
            (click)="view.set({ align: 'maturity', from: undefined, to: undefined })"
          >
            {{ t('maturity') }}
          </button>
        </div>
        <span class="dcp-hint">{{ t('overlayHint') }}</span>
        <span class="dcp-fill"></span>
        <mvda-kept [series]="shownSeries()" (anew)="anew.ask()" />
        <button type="button" class="dcp-button" [disabled]="!view.state().batches.length" (click)="view.set({ batches: [] })">
          {{ t('clearSelection') }}
        </button>
      </div>
      <mvda-drawing [of]="data" [chart]="chart()" />
    </dcp-state>
  `,
})
export class OverlayTab {
  protected readonly t = t;
  protected readonly unit = inject(Unit);
  protected readonly view = inject(View);
  protected readonly tags = computed(() => this.unit.chosen().slice(0, LANES));

  protected readonly anew = new Anew();
  private readonly request = computed(
    () => {
      const { source, unit } = this.view.state();
      const batches = (this.unit.batches.value() ?? []).map((batch) => batch.id);
      const tags = this.tags().map((tag) => tag.web_id);
      return batches.length && tags.length ? { source, unit, batches, tags, asked: this.anew.asked() } : undefined;
    },
    { equal: same },
  );

  protected readonly data = steady(this.request, ({ source, unit, batches, tags, asked }, signal) =>
    this.anew.read(asked, (reload) => Promise.all(tags.map((tag) => backend.overlay(source, tag, unit, batches, POINTS, reload, signal)))),
  );
  protected readonly shownSeries = computed(() => (this.data.value() ?? []).flatMap(({ series }) => series));

  protected readonly chart = computed<Chart | undefined>(() => {
    shared.language();
    const answers = this.data.value();
    if (!answers) return undefined;
    const { align, batches, from, to } = this.view.state();
    const maturity = align === 'maturity';
    return {
      kind: 'overlay',
      options: {
        title: t('overlayOf', { unit: this.view.unitName() }),
        ...labels(`${this.view.unitName()} ${t('overlay')}`),
        bare: true,
        lanes: answers.map((answer) => this.lane(answer, maturity)),
        x: maturity ? { name: t('maturity'), unit: '%' } : { name: t('elapsed'), unit: 'min' },
        highlighted: batches,
        zoom: from !== undefined && to !== undefined ? { from, to } : undefined,
        onHighlight: (ids) => this.view.set({ batches: ids }, { replace: true }),
        onZoom: (range, zoomed) =>
          this.view.set(zoomed ? { from: round(range.from), to: round(range.to) } : { from: undefined, to: undefined }, { replace: true }),
      },
    };
  });

  protected choose(tags: readonly Tag[]): void {
    this.view.set({ tags: tags.map((tag) => tag.name) });
  }

  private lane(answer: OverlayAnswer, maturity: boolean): OverlayLane {
    const batches = new Map((this.unit.batches.value() ?? []).map((batch) => [batch.id, batch]));
    const step = this.unit.tags.value()?.find((tag) => tag.web_id === answer.tag.web_id)?.step ?? false;
    const lines = answer.series.map((one): OverlayLine => {
      const batch = batches.get(one.batch);
      const whole = batch?.end ? lasting(batch, 0) : this.usual();
      const x = one.elapsed_s.map((at) => (maturity ? (100 * at) / whole : at / 60));
      return { id: one.batch, name: one.batch, x, y: one.values, step };
    });
    const selected = new Set(this.view.state().batches);
    const usual = lines.filter((line) => !selected.has(line.id) && batches.get(line.id)?.status === 'complete');
    const remark = badStates(answer);
    const envelope = envelopeOf(usual, t('envelopeName', { count: usual.length }));
    return {
      id: answer.tag.web_id,
      name: answer.tag.name,
      unit: answer.tag.unit,
      lines,
      ...(envelope ? { envelope } : {}),
      ...(remark ? { remark } : {}),
    };
  }

  /** Seconds a complete batch takes on average: the measure for a running one. */
  private usual(): number {
    const complete = this.unit.complete();
    return complete.reduce((sum, batch) => sum + batch.duration_s, 0) / Math.max(1, complete.length) || 1;
  }
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

/** In how many batches the source said something else than a value, in its own words. */
function badStates(answer: OverlayAnswer): string {
  const batches = new Map<string, number>();
  for (const { status } of answer.series)
    for (const state of new Set(status.map((stretch) => stretch.state))) batches.set(state, (batches.get(state) ?? 0) + 1);
  return [...batches].map(([state, count]) => t('stateIn', { state, count })).join(', ');
}
