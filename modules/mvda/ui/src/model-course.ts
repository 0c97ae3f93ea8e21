import { ChangeDetectionStrategy, Component, computed, inject, input } from '@angular/core';
import { shared } from '@dcp/kit';
import { BESIDE } from './beside';
import { ChartHost, type Chart } from './chart';
import type { Model, Result } from './contract';
import { ContributionsPanel } from './contributions';
import { labels } from './labels';
import { title } from './models';
import { courseLanes, groupOf, nearest } from './result-data';
import { View } from './view';
import { t } from './words';

/** How batches developed: scores, T2 and SPE over maturity, the chosen batch in front; a click asks why there. */
@Component({
  selector: 'mvda-model-course',
  changeDetection: ChangeDetectionStrategy.OnPush,
  imports: [ChartHost, ContributionsPanel],
  styles: [
    BESIDE,
    `
      .side {
        display: grid;
        gap: var(--dcp-space-3);
        position: sticky;
        top: var(--dcp-space-3);
        min-width: 0;
      }
    `,
  ],
  template: `
    <section class="dcp-panel">
      <div class="options">
        <label
          >{{ t('batch') }}
          <select class="dcp-select" (change)="choose($event)">
            <option value="" [selected]="!view.state().batch">–</option>
            @for (batch of result().batches; track batch.id) {
              <option [value]="batch.id" [selected]="batch.id === view.state().batch">
                {{ batch.abnormal ? '▲ ' : '' }}{{ batch.id }}
              </option>
            }
          </select>
        </label>
        <span class="dcp-hint">{{ t('courseHint') }}</span>
      </div>
      <div class="dcp-body" [mvdaChart]="chart()"></div>
    </section>
    <div class="side">
      <mvda-contributions [model]="model()" [result]="result()" />
    </div>
  `,
})
export class ModelCourse {
  readonly model = input.required<Model>();
  readonly result = input.required<Result>();
  protected readonly t = t;
  protected readonly view = inject(View);
  private readonly lanes = computed(() => {
    shared.language();
    return courseLanes(this.result());
  });

  protected readonly chart = computed<Chart>(() => {
    const { batch, batches, at, from, to } = this.view.state();
    const found = this.result().batches.find((one) => one.id === batch);
    const place = at === undefined ? undefined : found?.maturity?.[at];
    const name = t('course');
    return {
      kind: 'overlay',
      options: {
        title: name,
        ...labels(`${title(this.model())} ${name}`),
        bare: true,
        lanes: this.lanes(),
        laneHeight: 130,
        x: { name: t('maturity'), unit: '%' },
        highlighted: [...new Set([batch, ...batches])].filter(Boolean).slice(0, 8),
        abnormal: new Set(
          this.result()
            .batches.filter((one) => groupOf(one) === 'abnormal')
            .map((one) => one.id),
        ),
        at: place,
        zoom: from !== undefined && to !== undefined ? { from, to } : undefined,
        onPlace: (x, id) => this.explain(x, id),
        onZoom: (range, zoomed) =>
          this.view.set(
            zoomed
              ? {
                  from: Math.round(range.from * 10) / 10,
                  to: Math.round(range.to * 10) / 10,
                }
              : { from: undefined, to: undefined },
            { replace: true },
          ),
      },
    };
  });

  protected choose(event: Event): void {
    this.view.set({
      batch: (event.target as HTMLSelectElement).value,
      at: undefined,
    });
  }

  private explain(x: number, id: string): void {
    const batch = this.result().batches.find((one) => one.id === id);
    if (batch?.maturity) this.view.set({ batch: id, at: nearest(batch.maturity, x) });
  }
}
