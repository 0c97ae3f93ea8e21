import { ChangeDetectionStrategy, Component, computed } from '@angular/core';
import { shared } from '@dcp/kit';
import { Link } from './link';
import { Page } from './page';

/** One page per site: another site in the address starts the page anew, because nothing of one site belongs to another. */
@Component({
  selector: 'mvda-root',
  changeDetection: ChangeDetectionStrategy.OnPush,
  imports: [Link, Page],
  template: `
    @if (linked(); as model) {
      <mvda-link [model]="model" />
    } @else {
      @for (site of sites(); track site) {
        <mvda-page />
      }
    }
  `,
})
export class Root {
  protected readonly sites = computed(() => [shared.address().site ?? '']);
  /** The address of an activity names only the model. */
  protected readonly linked = computed(() => {
    const [first, model] = shared.address().rest;
    return first === 'models' ? model : undefined;
  });
}
