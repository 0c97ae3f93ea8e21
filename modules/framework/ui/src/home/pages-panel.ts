import { ChangeDetectionStrategy, Component, computed, input } from '@angular/core';
import { followLink, localized, may, siteAddress } from '@dcp/api-service';
import { Icon, shared } from '@dcp/kit';
import { t } from './texts';

/** The pages the user may open at this site. */
@Component({
  selector: 'fw-pages',
  imports: [Icon],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <nav class="dcp-panel" aria-labelledby="pages-title">
      <header>
        <h2 id="pages-title">{{ t('pages') }}</h2>
      </header>
      <ul role="list">
        @for (page of pages(); track page.href) {
          <li>
            <a [href]="page.href" (click)="follow($event)"
              ><dcp-icon [name]="page.icon" /><span
                >{{ page.title }}<span class="dcp-quiet dcp-small about">{{ page.about }}</span></span
              ></a
            >
          </li>
        }
      </ul>
    </nav>
  `,
  styles: `
    ul {
      padding: var(--dcp-space-1) 0;
      list-style: none;
    }
    a {
      display: flex;
      gap: var(--dcp-space-2);
      padding: var(--dcp-space-1) var(--dcp-space-3);
      text-decoration: none;
    }
    a:hover {
      background: var(--dcp-hover);
    }
    dcp-icon {
      padding-top: 2px;
    }
    .about {
      display: block;
    }
  `,
})
export class PagesPanel {
  readonly site = input.required<string>();
  protected readonly t = t;
  protected readonly follow = followLink;
  protected readonly pages = computed(() => {
    shared.language();
    shared.session();
    // A module that runs on both nodes has one page for both.
    const seen = new Set<string>();
    return (shared.portal()?.modules ?? [])
      .filter(({ name }) => name !== 'framework')
      .flatMap((module) => module.routes.map((route) => ({ module, route })))
      .filter(({ route }) => !seen.has(route.path) && seen.add(route.path))
      .filter(({ route }) => route.menu !== false && (!route.permission || may(route.permission, this.site())))
      .sort((a, b) => (a.route.order ?? 100) - (b.route.order ?? 100))
      .map(({ module, route }) => ({
        href: siteAddress(route.path, this.site()),
        icon: route.icon ?? 'module',
        title: localized(route.title),
        about: localized(module.title) === localized(route.title) ? '' : localized(module.title),
      }));
  });
}
