import { ChangeDetectionStrategy, Component, computed } from '@angular/core';
import { shared } from '@dcp/kit';
import { HomePage } from './home/home-page';
import { SitesPage } from './sites-page';

@Component({
  selector: 'fw-root',
  imports: [HomePage, SitesPage],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    @if (site(); as id) {
      <!-- another site is another page -->
      @for (one of [id]; track one) {
        <fw-home [site]="one" />
      }
    } @else {
      <fw-sites />
    }
  `,
})
export class FrameworkPages {
  protected readonly site = computed(() => shared.address().site);
}
