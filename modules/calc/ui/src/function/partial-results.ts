import { ChangeDetectionStrategy, Component, input } from '@angular/core';
import type { Partial } from '../model';
import { ValueView } from './value-view';

/** What a call has told before it ended, or has told so far. On any node for information only: no result was recorded. */
@Component({
  selector: 'calc-partial',
  imports: [ValueView],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    @if (partial().length > 0) {
      <section class="partial" [attr.aria-label]="label()">
        <h3>{{ label() }}</h3>
        @for (one of partial(); track one.name) {
          <section [attr.aria-label]="one.name">
            <h4 translate="no">{{ one.name }}</h4>
            <calc-value [value]="one.value" [label]="one.name" zone="nongxp" />
          </section>
        }
      </section>
    }
  `,
  styles: `
    section {
      display: grid;
      grid-template-columns: minmax(0, 1fr);
      gap: var(--dcp-space-2);
    }
    .partial {
      margin-top: var(--dcp-space-4);
    }
    h3,
    h4 {
      font-size: var(--dcp-size-small);
    }
  `,
})
export class PartialResults {
  readonly partial = input.required<readonly Partial[]>();
  readonly label = input.required<string>();
}
