import { ChangeDetectionStrategy, Component, input } from '@angular/core';

/** Sentences about something that is not right, where the rest of the view is there; what belongs to them stands below. */
@Component({
  selector: 'dcp-warning-note',
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    @if (of().length) {
      <div class="note" role="note">
        @for (text of of(); track text) {
          <p>{{ text }}</p>
        }
        <ng-content />
      </div>
    }
  `,
  styles: `
    .note {
      display: grid;
      gap: var(--dcp-space-1);
      margin-bottom: var(--dcp-space-2);
      padding: var(--dcp-space-2) var(--dcp-space-3);
      background: var(--dcp-warning-surface);
      color: var(--dcp-warning);
      font-size: var(--dcp-size-small);
      overflow-wrap: anywhere;
    }
    p {
      margin: 0;
    }
  `,
})
export class WarningNote {
  readonly of = input.required<readonly string[]>();
}
