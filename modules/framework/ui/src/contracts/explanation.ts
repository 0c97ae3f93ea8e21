import { ChangeDetectionStrategy, Component, computed, input } from '@angular/core';

/** A sentence of the code's documentation, in the language of the code; what stands between backticks is code. */
@Component({
  selector: 'fw-explanation',
  changeDetection: ChangeDetectionStrategy.OnPush,
  host: { lang: 'en' },
  template: `
    @for (part of parts(); track $index) {
      @if ($odd) {
        <code [textContent]="part"></code>
      } @else {
        <span [textContent]="part"></span>
      }
    }
  `,
})
export class Explanation {
  readonly text = input.required<string>();
  protected readonly parts = computed(() => this.text().split('`'));
}
