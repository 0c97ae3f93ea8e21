import { ChangeDetectionStrategy, Component, computed, inject, input } from '@angular/core';
import { followLink, timeZone } from '@dcp/api-service';
import { loadable, shared, StatePanel } from '@dcp/kit';
import { backend } from './backend';
import { ChartHost, type Chart } from './chart';
import type { Model, Result } from './contract';
import { labels } from './labels';
import { title } from './models';
import { bandsOf, seriesOf } from './trend-data';
import { Unit } from './unit';
import { View } from './view';
import { t } from './words';

const POINTS = 400;
/** Muted lines behind the batch: enough to see what is usual. */
const BEHIND = 80;

/** The raw tag behind a contribution: the batch beside what the reference batches do, and as it was recorded in time. */
@Component({
  selector: 'mvda-model-tag',
  changeDetection: ChangeDetectionStrategy.OnPush,
  imports: [ChartHost, StatePanel],
  styles: `
    :host {
      display: grid;
      gap: var(--dcp-space-3);
    }
    .options {
      display: flex;
      flex-wrap: wrap;
      gap: var(--dcp-space-3);
      align-items: center;
    }
    label {
      display: inline-flex;
      gap: 6px;
      align-items: center;
    }
  `,
  template: `
    <div class="options">
      <a [href]="view.href({ section: 'overview', tag: '' })" (click)="follow($event)">← {{ t('section_overview') }}</a>
      <label
        >{{ t('tag') }}
        <select class="dcp-select" (change)="view.set({ tag: value($event) })">
          @for (one of model().ask.tags; track one.name) {
            <option [value]="one.name" [selected]="one.name === view.state().tag">
              {{ one.name }}
            </option>
          }
        </select></label
      >
      <label
        >{{ t('batch') }}
        <select class="dcp-select" (change)="view.set({ batch: value($event) })">
          @for (one of result().batches; track one.id) {
            <option [value]="one.id" [selected]="one.id === view.state().batch">{{ one.abnormal ? '▲ ' : '' }}{{ one.id }}</option>
          }
        </select></label
      >
    </div>
    <dcp-state [of]="raw" [rows]="10">
      @if (beside(); as chart) {
        <section class="dcp-panel">
          <div class="dcp-body" [mvdaChart]="chart"></div>
        </section>
      }
    </dcp-state>
    <dcp-state [of]="trend" [rows]="6">
      @if (inTime(); as chart) {
        <section class="dcp-panel">
          <div class="dcp-body" [mvdaChart]="chart"></div>
        </section>
      }
    </dcp-state>
  `,
})
export class ModelTag {
  readonly model = input.required<Model>();
  readonly result = input.required<Result>();
  protected readonly t = t;
  protected readonly view = inject(View);
  private readonly unit = inject(Unit);
  protected readonly follow = followLink;

  private readonly tag = computed(() => this.model().ask.tags.find((one) => one.name === this.view.state().tag));
  private readonly batch = computed(() => this.model().ask.batches.find((one) => one.id === this.view.state().batch));

  protected readonly raw = loadable({
    on: () => {
      const { id, ask } = this.model();
      const tag = this.tag();
      const batch = this.batch();
      if (!tag || !batch) return undefined;
      const reference = ask.batches.filter((one) => one.reference && one.id !== batch.id).map((one) => one.id);
      return {
        id,
        tag,
        source: ask.source,
        unit: ask.unit.web_id,
        batches: [batch.id, ...reference.slice(0, BEHIND)],
      };
    },
    load: async ({ id, tag, source, unit, batches }, signal) => {
      const [overlay, envelope] = await Promise.all([
        backend.overlay(source, { tags: [tag.web_id], unit, batches, points: POINTS, reload: false }, signal),
        backend.envelope(id, tag.name, signal),
      ]);
      return { overlay, envelope };
    },
  });

  protected readonly trend = loadable({
    on: () => {
      const tag = this.tag();
      const span = this.span();
      return tag && span
        ? {
            source: this.model().ask.source,
            tag: tag.web_id,
            start: new Date(span.from).toISOString(),
            end: new Date(span.to).toISOString(),
          }
        : undefined;
    },
    load: ({ source, tag, start, end }, signal) => backend.trend(source, [tag], { start, end }, 1600, false, signal),
  });

  protected readonly beside = computed<Chart | undefined>(() => {
    shared.language();
    const raw = this.raw.value();
    const tag = this.tag();
    const batch = this.batch();
    if (!raw || !tag || !batch) return undefined;
    const { overlay, envelope } = raw;
    const durations = new Map(this.result().batches.map((one) => [one.id, one.running ? envelope.duration_s_mean : one.duration_s]));
    const name = t('tagBeside', {
      tag: tag.description || tag.name,
      batch: batch.id,
    });
    return {
      kind: 'overlay',
      options: {
        title: name,
        ...labels(`${title(this.model())} ${name}`),
        x: { name: t('maturity'), unit: '%' },
        laneHeight: 300,
        highlighted: [batch.id],
        abnormal: new Set(
          this.result()
            .batches.filter((one) => one.abnormal)
            .map((one) => one.id),
        ),
        lanes: [
          {
            id: tag.web_id,
            name: tag.name,
            unit: tag.unit,
            lines: overlay.batches.flatMap(({ batch: id, courses }) =>
              courses.map((one) => {
                const whole = durations.get(id) ?? one.elapsed_s.at(-1) ?? 1;
                return { id, name: id, x: one.elapsed_s.map((at) => (100 * at) / whole), y: one.values };
              }),
            ),
            envelope: {
              name: t('bandName', { count: this.result().reference_batches }),
              x: envelope.elapsed_pct,
              mean: envelope.mean,
              low: envelope.low,
              high: envelope.high,
            },
          },
        ],
      },
    };
  });

  protected readonly inTime = computed<Chart | undefined>(() => {
    shared.language();
    const answer = this.trend.value();
    const span = this.span();
    const batch = this.batch();
    if (!answer || !span || !batch) return undefined;
    const abnormal = new Set(
      this.result()
        .batches.filter((one) => one.abnormal)
        .map((one) => one.id),
    );
    const name = t('tagInTime', { batch: batch.id });
    return {
      kind: 'trend',
      options: {
        title: name,
        ...labels(`${title(this.model())} ${name}`),
        height: 220,
        series: seriesOf(answer, this.unit.tags.value() ?? []),
        range: span,
        timeZone: timeZone(),
        bands: bandsOf(
          this.unit.batches.value() ??
            this.model().ask.batches.map((one) => ({
              ...one,
              web_id: '',
              name: one.id,
              duration_s: 0,
              status: 'complete' as const,
            })),
          span,
          abnormal,
        ),
      },
    };
  });

  protected value(event: Event): string {
    return (event.target as HTMLSelectElement).value;
  }

  private readonly span = computed(() => {
    const batch = this.batch();
    if (!batch) return undefined;
    const [from, to] = [Date.parse(batch.start), Date.parse(batch.end)];
    return { from: from - (to - from) * 0.1, to: to + (to - from) * 0.1 };
  });
}
