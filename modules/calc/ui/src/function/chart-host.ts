import { DestroyRef, Directive, effect, ElementRef, inject, input, untracked } from '@angular/core';
import { ControlChart, type ControlOptions } from '@dcp/charts';

/** Draws values in their order in an element and keeps the chart up to date. */
@Directive({ selector: '[calcChart]' })
export class ChartHost {
  readonly options = input.required<ControlOptions>({ alias: 'calcChart' });
  private readonly host = inject<ElementRef<HTMLElement>>(ElementRef).nativeElement;
  private drawn: ControlChart | undefined;
  private identity = '';

  constructor() {
    effect(() => {
      const options = this.options();
      untracked(() => this.show(options));
    });
    inject(DestroyRef).onDestroy(() => this.drawn?.destroy());
  }

  private show(options: ControlOptions): void {
    // the frame speaks one language and has one title for life
    const identity = [options.language, options.title].join('|');
    if (this.drawn && identity === this.identity) {
      this.drawn.update(options);
      return;
    }
    this.drawn?.destroy();
    this.identity = identity;
    this.drawn = new ControlChart(this.host, options);
  }
}
