import { ChangeDetectionStrategy, Component, computed, inject, input } from '@angular/core';
import { formatDuration, formatTime } from '@dcp/api-service';
import { loadable, shared, StatePanel } from '@dcp/kit';
import type { Batch } from '@dcp/plant';
import { backend } from './backend';
import type { Phase } from './contract';
import { View } from './view';
import { t } from './words';

/** What a batch is made of: its unit procedures, operations and phases with their times, each to be seen alone or in all batches. */
@Component({
  selector: 'mvda-phases',
  changeDetection: ChangeDetectionStrategy.OnPush,
  imports: [StatePanel],
  styles: `
    :host {
      display: block;
      margin-top: var(--dcp-space-3);
    }
    .scroll {
      overflow: auto;
      max-height: 40vh;
    }
    tbody th {
      color: var(--dcp-text);
      font-weight: 400;
    }
  `,
  template: `
    <section class="dcp-panel" [attr.aria-label]="title()">
      <header>
        <h2>{{ title() }}</h2>
      </header>
      <div class="dcp-body">
        <dcp-state
          [of]="phases"
          [empty]="phases.value()?.length === 0"
          [emptyTitle]="t('noPhases')"
          [emptyText]="t('noPhasesText')"
          [rows]="4"
        >
          <!-- it scrolls by keyboard too -->
          <div class="scroll" role="region" tabindex="0" [attr.aria-label]="title()">
            <table class="dcp-table">
              <thead>
                <tr>
                  <th scope="col">{{ t('phase') }}</th>
                  <th scope="col">{{ t('kind') }}</th>
                  <th scope="col">{{ t('start') }}</th>
                  <th scope="col">{{ t('end') }}</th>
                  <th scope="col" class="dcp-number">{{ t('duration') }}</th>
                  <th scope="col">{{ t('actions') }}</th>
                </tr>
              </thead>
              <tbody>
                @for (row of rows(); track row.phase.key) {
                  <tr>
                    <th scope="row" [style.padding-inline-start.px]="8 + 16 * (row.phase.level - 1)">{{ row.phase.name }}</th>
                    <td class="dcp-quiet">{{ row.phase.template }}</td>
                    <td>{{ row.start }}</td>
                    <td>{{ row.end }}</td>
                    <td class="dcp-number">{{ row.duration }}</td>
                    <td>
                      <button
                        type="button"
                        class="dcp-button dcp-button--quiet"
                        [disabled]="row.phase.duration_s === null"
                        [attr.aria-label]="t('trendOfPhase', { phase: row.phase.name })"
                        (click)="trend(row.phase)"
                      >
                        {{ t('trendAction') }}
                      </button>
                      <button
                        type="button"
                        class="dcp-button dcp-button--quiet"
                        [disabled]="row.phase.duration_s === null"
                        [attr.aria-label]="t('overlayOfPhase', { phase: row.phase.name })"
                        (click)="overlay(row.phase)"
                      >
                        {{ t('overlayAction') }}
                      </button>
                    </td>
                  </tr>
                }
              </tbody>
            </table>
          </div>
        </dcp-state>
      </div>
    </section>
  `,
})
export class Phases {
  readonly batch = input.required<Batch>();
  /** The present, for phases that run. */
  readonly now = input.required<number>();
  protected readonly t = t;
  private readonly view = inject(View);

  protected readonly phases = loadable({
    on: () => ({ source: this.view.state().source, batch: this.batch().web_id }),
    load: ({ source, batch }, signal) => backend.phases(source, batch, signal),
  });
  protected readonly title = computed(() => {
    shared.language();
    return t('phasesOf', { batch: this.batch().id });
  });
  protected readonly rows = computed(() => {
    shared.language();
    shared.clock();
    return (this.phases.value() ?? []).map((phase) => ({
      phase,
      start: formatTime(phase.start),
      end: phase.end ? formatTime(phase.end) : '–',
      duration: phase.duration_s === null ? '–' : formatDuration(phase.duration_s),
    }));
  });

  protected trend({ start, end }: Phase): void {
    const from = Date.parse(start);
    this.view.set({ tab: 'trend', range: 'batch', batch: this.batch().id, from, to: end ? Date.parse(end) : this.now() });
  }

  protected overlay({ key }: Phase): void {
    this.view.set({ tab: 'overlay', phase: key, from: undefined, to: undefined });
  }
}
