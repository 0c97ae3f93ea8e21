import { ChangeDetectionStrategy, Component, computed } from '@angular/core';
import { followLink, may, siteAddress } from '@dcp/api-service';
import { shared } from '@dcp/kit';
import { MessagesPage } from './messages/messages-page';
import { READ, READ_NODE } from './model';
import { ModulesPage } from './modules/modules-page';
import { RolesPage } from './roles/roles-page';
import { SettingsPage } from './settings/settings-page';
import { t } from './texts';
import { UsersPage } from './users/users-page';

const PAGES = ['users', 'roles', 'modules', 'messages', 'settings'] as const;
type Page = (typeof PAGES)[number];
const NEEDS: Readonly<Record<Page, string>> = { users: READ, roles: READ, modules: READ_NODE, messages: READ_NODE, settings: READ_NODE };

@Component({
  selector: 'adm-root',
  imports: [MessagesPage, ModulesPage, RolesPage, SettingsPage, UsersPage],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <h1>{{ t('title') }}</h1>
    <nav class="dcp-tabs" [attr.aria-label]="t('title')">
      @for (page of pages; track page) {
        @if (may(page)) {
          <a [href]="href(page)" [attr.aria-current]="page === shown() ? 'page' : null" (click)="follow($event)">{{ t(page) }}</a>
        } @else {
          <a role="link" aria-disabled="true" tabindex="0" [title]="t('needs', { permission: needs[page] })">{{ t(page) }}</a>
        }
      }
    </nav>
    @switch (shown()) {
      @case ('users') {
        <adm-users />
      }
      @case ('roles') {
        <adm-roles />
      }
      @case ('modules') {
        <adm-modules />
      }
      @case ('messages') {
        <adm-messages />
      }
      @case ('settings') {
        <adm-settings />
      }
    }
  `,
  styles: `
    :host {
      display: grid;
      grid-template-columns: minmax(0, 1fr);
      gap: var(--dcp-space-3);
    }
    [aria-disabled] {
      cursor: not-allowed;
    }
  `,
})
export class AdministrationPages {
  protected readonly t = t;
  protected readonly follow = followLink;
  protected readonly pages = PAGES;
  protected readonly needs = NEEDS;
  protected readonly shown = computed(() => {
    const wanted = shared.address().rest[0];
    return PAGES.find((page) => page === wanted) ?? 'users';
  });

  protected may(page: Page): boolean {
    shared.session();
    return may(NEEDS[page], shared.address().site);
  }

  protected href(page: string): string {
    return siteAddress(`administration/${page}`, shared.address().site);
  }
}
