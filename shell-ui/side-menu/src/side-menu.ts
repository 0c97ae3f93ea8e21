import { ChangeDetectionStrategy, Component, computed } from '@angular/core';
import { followLink, remembered } from '@dcp/api-service';
import { Icon, shared, signalOf, translate } from '@dcp/kit';
import { entries } from './entries';

const collapsed = remembered<boolean>('menu.collapsed', false, (value): value is boolean => typeof value === 'boolean');

const t = translate({
  en: {
    menu: 'Pages of this site',
    collapse: 'Collapse the menu',
    expand: 'Expand the menu',
    forbidden: 'Needs the permission “{permission}”; an administrator can grant it.',
    starting: 'starting',
    stopping: 'stopping',
    stopped: 'stopped',
    failed: 'failed',
    nongxp: 'for information only, not validated',
  },
  de: {
    menu: 'Seiten dieses Standorts',
    collapse: 'Menü einklappen',
    expand: 'Menü ausklappen',
    forbidden: 'Braucht die Berechtigung „{permission}“; die Administration kann sie erteilen.',
    starting: 'startet',
    stopping: 'hält an',
    stopped: 'angehalten',
    failed: 'ausgefallen',
    nongxp: 'nur zur Information, nicht validiert',
  },
});

@Component({
  selector: 'menu-root',
  imports: [Icon],
  changeDetection: ChangeDetectionStrategy.OnPush,
  host: { '[class.collapsed]': 'collapsed()' },
  template: `
    <nav [attr.aria-label]="t('menu')">
      <ul role="list">
        @for (entry of entries(); track entry.id) {
          <li>
            @if (entry.missing; as permission) {
              <a role="link" aria-disabled="true" tabindex="0" [title]="t('forbidden', { permission })">
                <dcp-icon [name]="entry.icon" /><span class="text">{{ entry.title }}</span
                ><dcp-icon class="mark" name="locked" [size]="12" />
                <span class="dcp-unseen">{{ t('forbidden', { permission }) }}</span>
              </a>
            } @else {
              <a
                [href]="entry.href"
                [title]="collapsed() ? entry.title : ''"
                [attr.aria-current]="entry.current ? 'page' : null"
                (click)="follow($event)"
              >
                <dcp-icon [name]="entry.icon" /><span class="text">{{ entry.title }}</span>
                @if (entry.state !== 'ready') {
                  <span class="mark dcp-badge dcp-badge--warning">{{ t(entry.state) }}</span>
                } @else if (entry.zone === 'nongxp') {
                  <span class="mark free" [title]="t('nongxp')"
                    ><span class="dcp-unseen">{{ t('nongxp') }}</span></span
                  >
                }
              </a>
            }
          </li>
        }
      </ul>
      <button
        type="button"
        class="fold"
        [attr.aria-expanded]="!collapsed()"
        [title]="t(collapsed() ? 'expand' : 'collapse')"
        (click)="fold()"
      >
        <dcp-icon [name]="collapsed() ? 'chevron-right' : 'chevron-left'" /><span class="text">{{
          t(collapsed() ? 'expand' : 'collapse')
        }}</span>
      </button>
    </nav>
  `,
  styleUrl: './side-menu.css',
})
export class SideMenu {
  protected readonly t = t;
  protected readonly follow = followLink;
  protected readonly collapsed = signalOf(collapsed);
  protected readonly entries = computed(() => {
    shared.language();
    shared.session();
    const [portal, { site }] = [shared.portal(), shared.address()];
    return portal && site !== undefined ? entries(portal, site) : [];
  });

  protected fold(): void {
    collapsed.set(!collapsed.value);
  }
}
