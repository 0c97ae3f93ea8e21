import { ChangeDetectionStrategy, Component, effect, inject, input, untracked } from '@angular/core';
import { ProblemPanel, type Loadable } from '@dcp/kit';
import { ChartHost, type Chart } from './chart';
import { Unit } from './unit';
import { t } from './words';

/** A chart of values that are read from the plant: what is being waited for, what went wrong, or the chart itself. */
@Component({
  selector: 'mvda-drawing',
  changeDetection: ChangeDetectionStrategy.OnPush,
  imports: [ChartHost, ProblemPanel],
  styles: `
    .busy {
      opacity: 0.6;
      transition: opacity 0.15s 0.3s;
    }
    .waiting {
      position: relative;
    }
    .dcp-skeleton {
      height: 420px;
    }
    .words {
      position: absolute;
      inset: 0;
      display: grid;
      place-content: center;
      justify-items: center;
      gap: var(--dcp-space-1);
      text-align: center;
    }
    /* a short wait says nothing, a long one what is going on */
    .words > * {
      animation: appear 0s linear 400ms both;
    }
    .words > .long {
      animation-delay: 5s;
    }
    @keyframes appear {
      from {
        visibility: hidden;
      }
    }
  `,
  template: `
    @if (of().problem(); as problem) {
      <dcp-problem [problem]="problem" (retry)="unit.again()" />
    } @else if (chart(); as chart) {
      <div class="dcp-panel">
        <div class="dcp-body" [class.busy]="of().loading() && !growing()" [attr.aria-busy]="of().loading()" [mvdaChart]="chart"></div>
      </div>
    } @else {
      <div class="waiting" role="status">
        <div class="dcp-skeleton"></div>
        <div class="words">
          <span>{{ t('reading') }}</span>
          <span class="long dcp-quiet">{{ t('readingLong') }}</span>
        </div>
      </div>
    }
  `,
})
export class Drawing {
  readonly of = input.required<Loadable<unknown>>();
  readonly chart = input.required<Chart | undefined>();
  /** Whether what is shown belongs to what is being read: it stays in full sight. */
  readonly growing = input(false);
  protected readonly t = t;
  protected readonly unit = inject(Unit);

  constructor() {
    effect(() => {
      this.unit.turn();
      untracked(() => this.of().problem() && this.of().reload());
    });
  }
}
