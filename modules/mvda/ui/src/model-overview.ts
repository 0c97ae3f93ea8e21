import { ChangeDetectionStrategy, Component, computed, inject, input } from '@angular/core';
import { formatNumber } from '@dcp/api-service';
import { shared } from '@dcp/kit';
import { BESIDE } from './beside';
import { ChartHost, type Chart } from './chart';
import type { BatchResult, Model, Result, Statistic } from './contract';
import { ContributionsPanel } from './contributions';
import { labels } from './labels';
import { title } from './models';
import { abnormalBatches, controlPoints, ellipses, limitsOf, percent, scorePoints, STATISTIC_NAMES } from './result-data';
import { View } from './view';
import { t } from './words';

/** Scores, T2 and SPE side by side, the abnormal batches in a list, and why the chosen one is abnormal. */
@Component({
  selector: 'mvda-model-overview',
  changeDetection: ChangeDetectionStrategy.OnPush,
  imports: [ChartHost, ContributionsPanel],
  styles: [
    BESIDE,
    `
      .column {
        display: grid;
        gap: var(--dcp-space-3);
        min-width: 0;
      }
      input[type='range'] {
        width: 140px;
        accent-color: var(--dcp-accent);
      }
      .list {
        max-height: 236px;
        overflow: auto;
      }
      .list ul {
        list-style: none;
        margin: 0;
        padding: 0;
      }
      .list button {
        display: grid;
        grid-template-columns: 16px minmax(80px, 1fr) auto;
        gap: 8px;
        align-items: center;
        width: 100%;
        min-height: var(--dcp-row);
        padding: 0 var(--dcp-space-3);
        border: 0;
        background: none;
        text-align: start;
        cursor: pointer;
        font-size: var(--dcp-size-small);
      }
      .list button:hover {
        background: var(--dcp-hover);
      }
      .list button[aria-current='true'] {
        background: var(--dcp-selected);
        font-weight: 500;
      }
      .list button:focus-visible {
        outline-offset: -2px;
      }
      .mark {
        color: var(--dcp-chart-limit);
      }
      .id {
        font-family: var(--dcp-font-mono);
      }
    `,
  ],
  template: `
    <div class="column">
      <section class="dcp-panel">
        <div class="options">
          <label
            >x
            <select class="dcp-select" (change)="axis('x', $event)">
              @for (one of components(); track one) {
                <option [value]="one" [selected]="one === view.state().x">t{{ one }}</option>
              }
            </select></label
          >
          <label
            >y
            <select class="dcp-select" (change)="axis('y', $event)">
              @for (one of components(); track one) {
                <option [value]="one" [selected]="one === view.state().y">t{{ one }}</option>
              }
            </select></label
          >
          @if (result().kind === 'evolution') {
            <label
              ><input type="checkbox" [checked]="view.state().maturity !== undefined" (change)="atMaturity($event)" />
              {{ t('atOneMaturity') }}</label
            >
            @if (view.state().maturity !== undefined) {
              <label
                ><input
                  type="range"
                  min="0"
                  max="100"
                  step="1"
                  [attr.aria-label]="t('maturity')"
                  [value]="view.state().maturity"
                  (input)="slide($event)"
                />
                {{ view.state().maturity }} %</label
              >
            }
          }
        </div>
        <div class="dcp-body" [mvdaChart]="scores()"></div>
      </section>
      @for (chart of statistics(); track chart.statistic) {
        <section class="dcp-panel">
          <div class="dcp-body" [mvdaChart]="chart.chart"></div>
        </section>
      }
    </div>
    <div class="column">
      <section class="dcp-panel" [attr.aria-label]="t('abnormalBatches')">
        <header>
          <h2>
            {{ t('abnormalBatches') }}
            <span class="dcp-quiet">{{ abnormal().length }}</span>
          </h2>
        </header>
        @if (abnormal().length) {
          <div class="list">
            <ul role="list">
              @for (batch of abnormal(); track batch.id) {
                <li>
                  <button type="button" [attr.aria-current]="view.state().batch === batch.id" (click)="open(batch.id)">
                    <span class="mark" aria-hidden="true">▲</span><span class="id">{{ batch.id }}</span
                    ><span class="dcp-quiet">{{ reason(batch) }}</span>
                  </button>
                </li>
              }
            </ul>
          </div>
        } @else {
          <p class="dcp-body dcp-quiet">{{ t('noAbnormal') }}</p>
        }
        <p class="dcp-body dcp-hint">{{ rule() }}</p>
      </section>
      <mvda-contributions [model]="model()" [result]="result()" />
    </div>
  `,
})
export class ModelOverview {
  readonly model = input.required<Model>();
  readonly result = input.required<Result>();
  protected readonly t = t;
  protected readonly view = inject(View);
  protected readonly components = computed(() => Array.from({ length: this.result().components }, (_, at) => at + 1));
  protected readonly abnormal = computed(() => abnormalBatches(this.result()));
  private readonly front = computed(() => {
    const { batch, batches } = this.view.state();
    return [...new Set([batch, ...batches])].filter(Boolean);
  });

  protected readonly scores = computed<Chart>(() => {
    shared.language();
    const result = this.result();
    const { maturity } = this.view.state();
    const [x, y] = [this.axisNumber('x', 1), this.axisNumber('y', Math.min(2, result.components))];
    const name = t('scores');
    const courses = result.kind === 'evolution' && maturity === undefined;
    return {
      kind: 'score',
      options: {
        title: name,
        ...this.labels(name),
        bare: true,
        height: 380,
        axes: [this.axisName(x), this.axisName(y)],
        courses,
        selected: this.front().slice(0, courses ? 4 : undefined),
        points: scorePoints(result, x, y, maturity),
        ellipses: ellipses(result, x, y, maturity),
        onOpen: (batch) => this.open(batch),
        onSelect: (batches) =>
          this.view.set(
            {
              batches,
              batch: batches.includes(this.view.state().batch) ? this.view.state().batch : '',
            },
            { replace: true },
          ),
      },
    };
  });

  protected readonly statistics = computed<{ statistic: Statistic; chart: Chart }[]>(() => {
    shared.language();
    const result = this.result();
    return (['t2', 'spe'] as const).map((statistic) => {
      const name = t(result.kind === 'evolution' ? 'largestPerBatch' : 'perBatch', { statistic: STATISTIC_NAMES[statistic] });
      return {
        statistic,
        chart: {
          kind: 'control',
          options: {
            title: name,
            ...this.labels(name),
            points: controlPoints(result, statistic),
            limits: limitsOf(result, statistic),
            axes: [t('batch'), STATISTIC_NAMES[statistic]],
            selected: this.front(),
            logarithmic: true,
            height: 220,
            onOpen: (batch) => this.open(batch),
          },
        },
      };
    });
  });

  protected readonly rule = computed(() => {
    shared.language();
    const { rule, alpha } = this.result();
    const action = percent(rule?.alpha_action ?? alpha);
    return rule?.run
      ? t('ruleEvolution', {
          share: Math.round((rule.share ?? 0) * 100),
          limit: percent(alpha),
          run: rule.run,
          action,
        })
      : t('ruleLevel', { action });
  });

  protected reason(batch: BatchResult): string {
    const alarm = batch.first_alarm;
    if (alarm)
      return t('alarmAt', {
        statistic: STATISTIC_NAMES[alarm.statistic],
        maturity: Math.round(alarm.maturity),
        share: Math.round((batch.share_outside ?? 0) * 100),
      });
    return (batch.outside ?? []).map((one) => (one === 'dmodx' ? 'DModX' : STATISTIC_NAMES[one as Statistic])).join(', ');
  }

  protected open(batch: string): void {
    const found = this.result().batches.find((one) => one.id === batch);
    // explain by the statistic that raised the alarm
    const statistic =
      found?.first_alarm?.statistic ?? (found?.outside?.includes('spe') === false && found.outside.includes('t2') ? 't2' : 'spe');
    this.view.set({ batch, statistic, at: undefined, tag: '' });
  }

  protected axis(which: 'x' | 'y', event: Event): void {
    this.view.set({
      [which]: Number((event.target as HTMLSelectElement).value),
    });
  }

  protected atMaturity(event: Event): void {
    this.view.set({
      maturity: (event.target as HTMLInputElement).checked ? 50 : undefined,
    });
  }

  protected slide(event: Event): void {
    this.view.set({ maturity: Number((event.target as HTMLInputElement).value) }, { replace: true });
  }

  private axisNumber(which: 'x' | 'y', otherwise: number): number {
    const wanted = this.view.state()[which] ?? otherwise;
    return wanted >= 1 && wanted <= this.result().components ? wanted : otherwise;
  }

  private axisName(component: number): string {
    const share = this.result().r2x[component - 1];
    return share === undefined ? `t${component}` : `t${component} (R²X ${formatNumber(share * 100, { digits: 3 })} %)`;
  }

  private labels(name: string): ReturnType<typeof labels> {
    return labels(`${title(this.model())} ${name}`);
  }
}
