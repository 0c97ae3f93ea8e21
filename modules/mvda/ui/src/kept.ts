// Values that were kept from an earlier reading: how old they are, and reading them anew.

import { ChangeDetectionStrategy, Component, computed, input, output, signal } from '@angular/core';
import { formatBytes, formatNumber, formatTime } from '@dcp/api-service';
import { loadable, shared } from '@dcp/kit';
import { backend } from './backend';
import { keptSince } from './trend-data';
import { t } from './words';

/** Whether the next reading is to pass by what is kept, because somebody asked for that. */
export class Anew {
  readonly asked = signal(0);
  private answered = 0;

  ask(): void {
    this.asked.update((count) => count + 1);
  }

  /** Reads for those who have asked up to `asked`; only an answer puts them at rest. */
  async read<T>(asked: number, load: (reload: boolean) => Promise<T>): Promise<T> {
    const answer = await load(asked > this.answered);
    this.answered = asked;
    return answer;
  }
}

/** Says since when the oldest of the shown values are kept; nothing when all were read now. */
@Component({
  selector: 'mvda-kept',
  changeDetection: ChangeDetectionStrategy.OnPush,
  styles: `
    :host {
      display: contents;
    }
  `,
  template: `
    @if (kept(); as kept) {
      <span class="dcp-hint">{{ t('readAt', { time: kept.time }) }}</span>
      @if (use(); as use) {
        <span class="dcp-hint">{{ t('keptUse', use) }}</span>
      }
      @if (kept.stale) {
        <span class="dcp-badge dcp-badge--warning" role="status">{{ t('stale') }}</span>
      }
      <button type="button" class="dcp-button" (click)="anew.emit()">{{ t('readAnew') }}</button>
    }
  `,
})
export class Kept {
  readonly series = input.required<readonly { read_at?: string; stale?: boolean }[]>();
  readonly anew = output();
  protected readonly t = t;
  /** How good what is kept is, as far as the module knows; asked for only where something of it is shown. */
  private readonly numbers = loadable({
    on: () => keptSince(this.series()),
    load: (_, signal) => backend.kept(signal),
  });
  protected readonly use = computed(() => {
    shared.language();
    const numbers = this.numbers.value();
    return numbers && { size: formatBytes(numbers.bytes), share: formatNumber(100 * numbers.hit_rate, { digits: 2 }) };
  });
  protected readonly kept = computed(() => {
    shared.clock();
    const kept = keptSince(this.series());
    return kept && { time: formatTime(kept.at), stale: kept.stale };
  });
}
