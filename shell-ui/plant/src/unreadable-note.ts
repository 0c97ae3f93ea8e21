import { ChangeDetectionStrategy, Component, computed, input } from '@angular/core';
import { serverText } from '@dcp/api-service';
import { shared } from '@dcp/kit';
import type { Unreadable } from './model';
import { t } from './texts';
import { WarningNote } from './warning-note';

/** As many are named; the rest is counted. */
const NAMED = 5;

/** Says what could not be read, and why, where the rest of the view is there. */
@Component({
  selector: 'dcp-unreadable',
  imports: [WarningNote],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <dcp-warning-note [of]="headline()">
      <ul>
        @for (line of lines(); track line) {
          <li>{{ line }}</li>
        }
        @if (more(); as count) {
          <li>{{ t('unreadableMore', { count }) }}</li>
        }
      </ul>
    </dcp-warning-note>
  `,
  styles: `
    ul {
      margin: 0;
      padding-left: var(--dcp-space-5);
    }
  `,
})
export class UnreadableNote {
  readonly of = input.required<readonly Unreadable[]>();
  protected readonly t = t;
  protected readonly headline = computed(() => {
    shared.language();
    const count = this.of().length;
    return count ? [t('unreadable', { count })] : [];
  });
  protected readonly lines = computed(() => {
    shared.language();
    return this.of()
      .slice(0, NAMED)
      .map(({ detail }) => serverText(detail));
  });
  protected readonly more = computed(() => Math.max(0, this.of().length - NAMED));
}
