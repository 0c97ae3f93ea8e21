import { ChangeDetectionStrategy, Component, computed, inject, input } from '@angular/core';
import { formatNumber, localized } from '@dcp/api-service';
import { loadable, shared, StatePanel } from '@dcp/kit';
import { backend } from './backend';
import { ChartHost, type Chart } from './chart';
import type { Model, Result, Statistic } from './contract';
import { labels } from './labels';
import { title } from './models';
import { STATISTIC_NAMES } from './result-data';
import { View } from './view';
import { t } from './words';

/** Why a batch left the model: a sentence, and the variables with their parts; each bar leads to the tag behind it. */
@Component({
  selector: 'mvda-contributions',
  changeDetection: ChangeDetectionStrategy.OnPush,
  imports: [ChartHost, StatePanel],
  styles: `
    header h2 {
      flex: 1;
    }
    .sentence {
      margin-bottom: var(--dcp-space-2);
    }
  `,
  template: `
    @if (!view.state().batch) {
      <section class="dcp-panel">
        <p class="dcp-body dcp-quiet">{{ t('chooseBatch') }}</p>
      </section>
    } @else {
      <section class="dcp-panel" [attr.aria-label]="t('contributions')">
        <header>
          <h2>{{ t('contributionsOf', { batch: view.state().batch }) }}</h2>
          <div class="dcp-group" role="group" [attr.aria-label]="t('statistic')">
            @for (one of statistics; track one) {
              <button
                type="button"
                class="dcp-button"
                [attr.aria-pressed]="view.state().statistic === one"
                (click)="view.set({ statistic: one })"
              >
                {{ names[one] }}
              </button>
            }
          </div>
        </header>
        <div class="dcp-body">
          <dcp-state
            [of]="parts"
            [empty]="parts.value()?.items?.length === 0"
            [emptyTitle]="t('noContributions')"
            [emptyText]="t('noContributionsText')"
            [rows]="8"
          >
            @if (parts.value(); as found) {
              <p class="sentence" aria-live="polite">{{ sentence() }}</p>
              <p class="dcp-hint">
                {{ facts() }}
                @if (found.maturity !== null) {
                  <button type="button" class="dcp-button dcp-button--quiet" (click)="view.set({ at: undefined })">
                    {{ t('wholeBatch') }}
                  </button>
                }
              </p>
              @if (chart(); as chart) {
                <div [mvdaChart]="chart"></div>
              }
            }
          </dcp-state>
        </div>
      </section>
    }
  `,
})
export class ContributionsPanel {
  readonly model = input.required<Model>();
  readonly result = input.required<Result>();
  protected readonly t = t;
  protected readonly names = STATISTIC_NAMES;
  protected readonly statistics: readonly Statistic[] = ['spe', 't2'];
  protected readonly view = inject(View);

  protected readonly parts = loadable({
    on: () => {
      const { batch, statistic, at } = this.view.state();
      return batch
        ? {
            id: this.model().id,
            batch,
            statistic,
            ...(at === undefined ? {} : { at }),
          }
        : undefined;
    },
    load: ({ id, ...query }, signal) => backend.contributions(id, query, signal),
  });

  protected readonly sentence = computed(() => {
    shared.language();
    const found = this.parts.value();
    return found ? localized(found.sentence) : '';
  });

  protected readonly facts = computed(() => {
    const found = this.parts.value();
    if (!found) return '';
    const where =
      found.maturity === null
        ? t('observationsCount', { count: found.observations })
        : `${t('maturity')} ${formatNumber(found.maturity, { digits: 3 })} %`;
    return `${STATISTIC_NAMES[found.statistic]} ${formatNumber(found.value)} (${t('limit')} ${formatNumber(found.limit)}), ${where}. ${t('openTag')}`;
  });

  protected readonly chart = computed<Chart | undefined>(() => {
    shared.language();
    const found = this.parts.value();
    if (!found) return undefined;
    const name = t('contributionsTitle', {
      statistic: STATISTIC_NAMES[found.statistic],
      batch: found.batch,
    });
    return {
      kind: 'bars',
      options: {
        title: name,
        ...labels(`${title(this.model())} ${name}`),
        bare: true,
        alarm: true,
        axis: t(found.statistic === 'spe' ? 'contributionSpe' : 'contributionT2'),
        selected: this.view.state().tag,
        bars: found.items.map((item) => ({
          id: item.variable,
          name: item.description || item.variable,
          value: item.contribution,
          detail: t('measuredExpected', {
            value: formatNumber(item.value),
            expected: formatNumber(item.expected),
            unit: item.unit && ` ${item.unit}`,
            share: Math.round(item.share * 100),
          }),
        })),
        onOpen: (tag) =>
          this.view.set({
            section: 'tag',
            tag,
            from: undefined,
            to: undefined,
          }),
      },
    };
  });
}
