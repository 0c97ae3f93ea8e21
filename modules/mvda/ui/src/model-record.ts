import { ChangeDetectionStrategy, Component, computed, inject, input } from '@angular/core';
import { formatDuration, formatNumber, formatTime, zoneName } from '@dcp/api-service';
import { CopyText, shared } from '@dcp/kit';
import { ChartHost, type Chart } from './chart';
import type { Model, Result } from './contract';
import { labels } from './labels';
import { title } from './models';
import { percent } from './result-data';
import { View } from './view';
import { t } from './words';

/** Where the numbers come from: enough to calculate them again, and what each component explains. */
@Component({
  selector: 'mvda-model-record',
  changeDetection: ChangeDetectionStrategy.OnPush,
  imports: [ChartHost, CopyText],
  styles: `
    :host {
      display: grid;
      grid-template-columns: minmax(0, 1fr) minmax(0, 1fr);
      gap: var(--dcp-space-3);
      align-items: start;
    }
    .column {
      display: grid;
      gap: var(--dcp-space-3);
      min-width: 0;
    }
    @media (max-width: 1150px) {
      :host {
        grid-template-columns: minmax(0, 1fr);
      }
    }
  `,
  template: `
    <section class="dcp-panel">
      <header>
        <h2>{{ t('provenance') }}</h2>
      </header>
      @if (model().provenance; as record) {
        <dl class="dcp-facts dcp-body">
          <dt>{{ t('piServer') }}</dt>
          <dd><dcp-copy [text]="record.pi_server" /></dd>
          <dt>{{ t('dataServer') }}</dt>
          <dd>{{ record.data_server }}</dd>
          <dt>{{ t('unit') }}</dt>
          <dd>
            <code>{{ record.unit.path || record.unit.name }}</code>
          </dd>
          <dt>{{ t('tags') }}</dt>
          <dd>{{ tags() }}</dd>
          <dt>{{ t('timeRange') }}</dt>
          <dd>{{ range() }}</dd>
          @if (cutOff()) {
            <dt>{{ t('cutOffRecord') }}</dt>
            <dd>{{ cutOff() }}</dd>
          }
          <dt>{{ t('interpolation') }}</dt>
          <dd>{{ interpolation() }}</dd>
          <dt>{{ t('confidence') }}</dt>
          <dd>{{ confidence() }}</dd>
          <dt>{{ t('script') }}</dt>
          <dd>
            {{ record.script }} v{{ record.script_version }},
            <code>{{ record.function }}()</code>
          </dd>
          <dt>SHA-256</dt>
          <dd><dcp-copy [text]="record.script_hash" /></dd>
          <dt>R</dt>
          <dd>{{ record.r_version }}</dd>
          <dt>{{ t('packages') }}</dt>
          <dd>{{ packages() }}</dd>
          <dt>{{ t('node') }}</dt>
          <dd>
            {{ record.node }} ·
            {{ t(record.zone === 'nongxp' ? 'zoneFree' : 'zoneGxp') }}
          </dd>
          <dt>{{ t('calculatedBy') }}</dt>
          <dd>{{ model().created_by.name }}, {{ created() }}</dd>
          <dt>{{ t('took') }}</dt>
          <dd>{{ took() }}</dd>
          <dt>{{ t('modelId') }}</dt>
          <dd><dcp-copy [text]="model().id" /></dd>
          <dt>{{ t('resultKey') }}</dt>
          <dd><dcp-copy [text]="record.result_key" /></dd>
          <dt>{{ t('computationKey') }}</dt>
          <dd><dcp-copy [text]="record.computation_key" /></dd>
          @if (record.warnings.length) {
            <dt>{{ t('warnings') }}</dt>
            <dd>
              @for (warning of record.warnings; track warning) {
                <div>{{ warning }}</div>
              }
            </dd>
          }
        </dl>
      }
    </section>
    <div class="column">
      <section class="dcp-panel">
        <header>
          <h2>
            {{ t('explained') }}
            <span class="dcp-quiet">{{ result().algorithm }}</span>
          </h2>
        </header>
        <table class="dcp-table">
          <thead>
            <tr>
              <th scope="col">{{ t('component') }}</th>
              <th scope="col" class="dcp-number">R²X</th>
              @if (result().r2y) {
                <th scope="col" class="dcp-number">R²Y</th>
              }
              @if (result().q2) {
                <th scope="col" class="dcp-number">Q² {{ t('cumulated') }}</th>
              }
            </tr>
          </thead>
          <tbody>
            @for (one of result().r2x; track $index) {
              <tr>
                <th scope="row">{{ $index + 1 }}</th>
                <td class="dcp-number">{{ number(one) }}</td>
                @if (result().r2y; as r2y) {
                  <td class="dcp-number">{{ number(r2y[$index]) }}</td>
                }
                @if (result().q2; as q2) {
                  <td class="dcp-number">{{ number(q2[$index]) }}</td>
                }
              </tr>
            }
            @if (result().r2y_total; as total) {
              <tr>
                <th scope="row">{{ t('total') }}</th>
                <td class="dcp-number">{{ number(sum()) }}</td>
                <td class="dcp-number">{{ exact(total) }}</td>
                <td></td>
              </tr>
            }
          </tbody>
        </table>
        @if (result().excluded.length) {
          <p class="dcp-body dcp-hint">{{ t('excluded') }}: {{ result().excluded.join(', ') }}</p>
        }
      </section>
      @for (chart of bars(); track chart.options.title) {
        <section class="dcp-panel">
          <div class="dcp-body" [mvdaChart]="chart"></div>
        </section>
      }
    </div>
  `,
})
export class ModelRecord {
  readonly model = input.required<Model>();
  readonly result = input.required<Result>();
  protected readonly t = t;
  private readonly view = inject(View);

  protected readonly tags = computed(() =>
    this.model()
      .provenance?.tags.map((tag) => tag.name)
      .join(', '),
  );
  protected readonly packages = computed(
    () =>
      Object.entries(this.model().provenance?.packages ?? {})
        .map(([name, version]) => `${name} ${version}`)
        .join(', ') || '–',
  );
  protected readonly range = computed(() => {
    const range = this.model().provenance?.time_range;
    return range ? `${formatTime(range.from, { seconds: true })} – ${formatTime(range.to, { seconds: true })} ${zoneName(range.to)}` : '';
  });
  /** References that had not ended, and where they were cut off. */
  protected readonly cutOff = computed(() =>
    this.model()
      .ask.batches.filter((batch) => batch.cut_off)
      .map((batch) => `${batch.id} (${formatTime(batch.end, { seconds: true })})`)
      .join(', '),
  );
  protected readonly interpolation = computed(() => {
    const interpolation = this.model().provenance?.interpolation;
    return interpolation === undefined || typeof interpolation === 'string'
      ? t('recorded')
      : t('every', { interval: interpolation.interval });
  });
  protected readonly confidence = computed(
    () => `${percent(this.model().ask.alpha)}, ${t('componentsCount', { count: this.model().components })}`,
  );
  protected readonly created = computed(() => `${formatTime(this.model().created_at, { seconds: true })} ${zoneName()}`);
  protected readonly took = computed(() => formatDuration((this.model().provenance?.duration_ms ?? 0) / 1000));
  protected readonly sum = computed(() => this.result().r2x.reduce((total, one) => total + one, 0));

  /** Weight of the variables: VIP of an evolution, and each component's loadings. */
  protected readonly bars = computed<Chart[]>(() => {
    shared.language();
    const { kind, variables, vip, loadings, components } = this.result();
    if (kind !== 'evolution') return [];
    const chart = (name: string, axis: string, values: readonly number[]): Chart => ({
      kind: 'bars',
      options: {
        title: name,
        ...labels(`${title(this.model())} ${name}`),
        axis,
        bars: variables.map((variable, at) => ({
          id: variable,
          name: variable,
          value: values[at] ?? 0,
        })),
        onOpen: (tag) =>
          this.view.set({
            section: 'tag',
            tag,
            batch: this.view.state().batch || (this.result().batches[0]?.id ?? ''),
          }),
      },
    });
    const perComponent = Array.from({ length: components }, (_, at) =>
      chart(t('loadingsOf', { component: at + 1 }), `p${at + 1}`, loadings[at] ?? []),
    );
    return [...(vip ? [chart(t('vip'), 'VIP', vip)] : []), ...perComponent];
  });

  protected number(value: number | undefined): string {
    return formatNumber(value, { fraction: 4 });
  }

  protected exact(value: number): string {
    return formatNumber(value, { fraction: 10 });
  }
}
