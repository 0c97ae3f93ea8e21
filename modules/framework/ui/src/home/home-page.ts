import { ChangeDetectionStrategy, Component, computed, DestroyRef, inject, input, signal } from '@angular/core';
import { formatTime, locale, zoneName } from '@dcp/api-service';
import { shared } from '@dcp/kit';
import { ActivityPanel } from './activity-panel';
import { ModulesPanel } from './modules-panel';
import { PagesPanel } from './pages-panel';
import { SourcesPanel } from './sources-panel';

const CLOCK_MS = 10_000;

/** The home page of a site: what happens, what runs, where to go. */
@Component({
  selector: 'fw-home',
  imports: [ActivityPanel, ModulesPanel, PagesPanel, SourcesPanel],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <header>
      <h1>{{ name() }}</h1>
      <span class="dcp-quiet">{{ about() }}</span>
    </header>
    <div class="columns">
      <fw-activity [site]="site()" />
      <div class="side">
        <fw-pages [site]="site()" />
        <fw-modules />
        <fw-sources [site]="site()" />
      </div>
    </div>
  `,
  styles: `
    :host {
      display: grid;
      grid-template-columns: minmax(0, 1fr);
      gap: var(--dcp-space-4);
    }
    header {
      display: flex;
      flex-wrap: wrap;
      align-items: baseline;
      gap: var(--dcp-space-3);
    }
    .columns {
      display: grid;
      grid-template-columns: minmax(0, 1fr) 340px;
      gap: var(--dcp-space-4);
      align-items: start;
    }
    .side {
      display: grid;
      grid-template-columns: minmax(0, 1fr);
      gap: var(--dcp-space-4);
    }
    @media (max-width: 1100px) {
      .columns {
        grid-template-columns: minmax(0, 1fr);
      }
    }
  `,
})
export class HomePage {
  readonly site = input.required<string>();
  private readonly now = signal(Date.now());
  private readonly known = computed(() => shared.sites()?.find(({ id }) => id === this.site()));
  protected readonly name = computed(() => this.known()?.name ?? this.site());
  protected readonly about = computed(() => {
    shared.language();
    const site = this.known();
    if (!site) return '';
    const country = new Intl.DisplayNames(locale(), { type: 'region' }).of(site.country) ?? site.country;
    return `${country} · ${formatTime(this.now(), { zone: site.time_zone })} ${zoneName(this.now(), site.time_zone)}`;
  });

  constructor() {
    const timer = setInterval(() => this.now.set(Date.now()), CLOCK_MS);
    inject(DestroyRef).onDestroy(() => clearInterval(timer));
  }
}
