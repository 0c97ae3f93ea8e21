import { ChangeDetectionStrategy, Component, computed, input } from '@angular/core';
import { serverText } from '@dcp/api-service';
import { shared } from '@dcp/kit';
import type { Unreadable } from './model';
import { t } from './texts';

/** As many are named; the rest is counted. */
const NAMED = 5;

/** Says what could not be read, and why, where the rest of the view is there. */
@Component({
  selector: 'dcp-unreadable',
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    @if (of().length) {
      <div class="note" role="note">
        <p>{{ t('unreadable', { count: of().length }) }}</p>
        <ul>
          @for (line of lines(); track line) {
            <li>{{ line }}</li>
          }
          @if (more(); as count) {
            <li>{{ t('unreadableMore', { count }) }}</li>
          }
        </ul>
      </div>
    }
  `,
  styles: `
    .note {
      margin-bottom: var(--dcp-space-2);
      padding: var(--dcp-space-2) var(--dcp-space-3);
      background: var(--dcp-warning-surface);
      color: var(--dcp-warning);
      font-size: var(--dcp-size-small);
      overflow-wrap: anywhere;
    }
    p,
    ul {
      margin: 0;
    }
    ul {
      padding-left: var(--dcp-space-5);
    }
  `,
})
export class UnreadableNote {
  readonly of = input.required<readonly Unreadable[]>();
  protected readonly t = t;
  protected readonly lines = computed(() => {
    shared.language();
    return this.of()
      .slice(0, NAMED)
      .map(({ detail }) => serverText(detail));
  });
  protected readonly more = computed(() => Math.max(0, this.of().length - NAMED));
}
