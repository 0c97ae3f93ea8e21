import { ChangeDetectionStrategy, Component, computed, linkedSignal } from '@angular/core';
import { shared } from '@dcp/kit';
import { ContractsPage } from './contracts/contracts-page';
import { HomePage } from './home/home-page';
import { SitesPage } from './sites-page';
import { DataSourcesPage } from './sources/data-sources-page';

const PAGES = ['home', 'contracts', 'sources'] as const;
type Page = (typeof PAGES)[number];

@Component({
  selector: 'fw-root',
  imports: [ContractsPage, DataSourcesPage, HomePage, SitesPage],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    @if (site(); as id) {
      <!-- another site is another page -->
      @for (one of [id]; track one) {
        @if (page() === 'contracts') {
          <fw-contracts />
        } @else if (page() === 'sources') {
          <fw-data-sources [site]="one" />
        } @else {
          <fw-home [site]="one" />
        }
      }
    } @else {
      <fw-sites />
    }
  `,
})
export class FrameworkPages {
  protected readonly site = computed(() => shared.address().site);
  /** While another module's page takes over, this one stays what it was. */
  protected readonly page = linkedSignal<string | undefined, Page>({
    source: () => shared.address().route,
    computation: (route, before) => PAGES.find((page) => page === route) ?? before?.value ?? 'home',
  });
}
