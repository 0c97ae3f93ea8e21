import { ChangeDetectionStrategy, Component, computed, DestroyRef, inject, signal } from '@angular/core';
import { followLink, formatTime, locale, loadSites, query, siteAddress, zoneName, type Site } from '@dcp/api-service';
import { injectQueryState, loadable, shared, StatePanel, translate } from '@dcp/kit';

const t = translate({
  en: {
    title: 'Choose a site',
    filter: 'Filter the sites',
    sources: '{count, plural, =0 {no data source} one {# data source} other {# data sources}}',
    none: 'No site yet',
    noneText: 'You have no role at any site. An administrator can grant you one.',
    nothing: 'No site matches “{filter}”.',
  },
  de: {
    title: 'Standort wählen',
    filter: 'Standorte filtern',
    sources: '{count, plural, =0 {keine Datenquelle} one {# Datenquelle} other {# Datenquellen}}',
    none: 'Noch kein Standort',
    noneText: 'Sie haben an keinem Standort eine Rolle. Die Administration kann Ihnen eine geben.',
    nothing: 'Kein Standort passt zu „{filter}“.',
  },
});
const CLOCK_MS = 10_000;

/** The sites the user has a role at. */
@Component({
  selector: 'fw-sites',
  imports: [StatePanel],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <h1>{{ t('title') }}</h1>
    <input
      #filter
      class="dcp-input"
      type="search"
      [placeholder]="t('filter')"
      [attr.aria-label]="t('filter')"
      [value]="place.state().q"
      (input)="place.set({ q: filter.value }, { replace: true })"
    />
    <dcp-state
      class="dcp-panel"
      [of]="sites"
      [empty]="sites.value()?.length === 0"
      [emptyTitle]="t('none')"
      [emptyText]="t('noneText')"
      [rows]="2"
    >
      <ul role="list">
        @for (site of shown(); track site.id) {
          <li>
            <a [href]="href(site)" (click)="follow($event)">
              <span class="name">{{ site.name }}</span>
              <span class="dcp-quiet">{{ country(site) }}</span>
              <span class="dcp-quiet">{{ time(site) }} · {{ zone(site) }}</span>
              <span class="dcp-quiet">{{ t('sources', { count: site.data_sources }) }}</span>
            </a>
          </li>
        } @empty {
          <li class="dcp-state">
            {{ t('nothing', { filter: place.state().q }) }}
          </li>
        }
      </ul>
    </dcp-state>
  `,
  styles: `
    :host {
      display: grid;
      gap: var(--dcp-space-3);
      max-width: 880px;
      justify-items: start;
    }
    input {
      width: 240px;
    }
    dcp-state {
      width: 100%;
    }
    ul {
      list-style: none;
    }
    li + li {
      border-top: 1px solid var(--dcp-hairline);
    }
    a {
      display: grid;
      grid-template-columns: 2fr 2fr 4fr 2fr;
      gap: var(--dcp-space-1) var(--dcp-space-4);
      align-items: center;
      min-height: 48px;
      padding: var(--dcp-space-2) var(--dcp-space-4);
      color: var(--dcp-text);
      text-decoration: none;
    }
    a:hover {
      background: var(--dcp-hover);
    }
    .name {
      color: var(--dcp-accent);
      font-weight: 600;
    }
    @media (max-width: 720px) {
      a {
        grid-template-columns: 1fr;
      }
    }
  `,
})
export class SitesPage {
  protected readonly t = t;
  protected readonly follow = followLink;
  protected readonly place = injectQueryState({ q: query.text() });
  protected readonly sites = loadable({ load: () => loadSites() });
  protected readonly shown = computed(() => {
    const words = this.place.state().q.toLocaleLowerCase();
    return (this.sites.value() ?? []).filter((site) =>
      `${site.name} ${site.country} ${site.time_zone}`.toLocaleLowerCase().includes(words),
    );
  });
  private readonly now = signal(Date.now());

  constructor() {
    const timer = setInterval(() => this.now.set(Date.now()), CLOCK_MS);
    inject(DestroyRef).onDestroy(() => clearInterval(timer));
  }

  protected href(site: Site): string {
    return siteAddress('home', site.id);
  }

  protected country(site: Site): string {
    shared.language();
    return new Intl.DisplayNames(locale(), { type: 'region' }).of(site.country) ?? site.country;
  }

  protected time(site: Site): string {
    return formatTime(this.now(), { zone: site.time_zone });
  }

  protected zone(site: Site): string {
    return zoneName(this.now(), site.time_zone);
  }
}
