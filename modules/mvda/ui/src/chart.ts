import { DestroyRef, Directive, effect, ElementRef, inject, input, untracked } from '@angular/core';
import {
  BarList,
  ControlChart,
  OverlayChart,
  ScoreChart,
  TrendChart,
  type BarOptions,
  type ControlOptions,
  type OverlayOptions,
  type ScoreOptions,
  type TrendOptions,
} from '@dcp/charts';

export type Chart =
  | { kind: 'trend'; options: TrendOptions }
  | { kind: 'overlay'; options: OverlayOptions }
  | { kind: 'score'; options: ScoreOptions }
  | { kind: 'control'; options: ControlOptions }
  | { kind: 'bars'; options: BarOptions };

interface Drawn {
  update(options: Chart['options']): void;
  destroy(): void;
}

/** Draws one of the portal's charts in an element and keeps it up to date. */
@Directive({ selector: '[mvdaChart]' })
export class ChartHost {
  readonly chart = input.required<Chart>({ alias: 'mvdaChart' });
  private readonly host = inject<ElementRef<HTMLElement>>(ElementRef).nativeElement;
  private drawn: Drawn | undefined;
  private identity = '';

  constructor() {
    effect(() => {
      const chart = this.chart();
      untracked(() => this.show(chart));
    });
    inject(DestroyRef).onDestroy(() => this.drawn?.destroy());
  }

  private show(chart: Chart): void {
    // the frame speaks one language and has one title for life
    const identity = [chart.kind, chart.options.language, chart.options.title].join('|');
    if (this.drawn && identity === this.identity) {
      this.drawn.update(chart.options);
      return;
    }
    this.drawn?.destroy();
    this.identity = identity;
    this.drawn = draw(this.host, chart) as Drawn;
  }
}

function draw(host: HTMLElement, chart: Chart): unknown {
  switch (chart.kind) {
    case 'trend':
      return new TrendChart(host, chart.options);
    case 'overlay':
      return new OverlayChart(host, chart.options);
    case 'score':
      return new ScoreChart(host, chart.options);
    case 'control':
      return new ControlChart(host, chart.options);
    case 'bars':
      return new BarList(host, chart.options);
  }
}
