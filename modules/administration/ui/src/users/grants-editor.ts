import { ChangeDetectionStrategy, Component, computed, input, model, signal } from '@angular/core';
import { Icon, shared } from '@dcp/kit';
import { roleName, siteName } from '../labels';
import type { Grant, Role } from '../model';
import { t } from '../texts';

/** The roles of a user, each at a site or at all of them. */
@Component({
  selector: 'adm-grants',
  imports: [Icon],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <fieldset>
      <legend class="dcp-label">{{ t('grants') }}</legend>
      <ul role="list">
        @for (grant of grants(); track grant.role + '@' + grant.site) {
          <li>
            <span>{{ role(grant.role) }}</span><span class="dcp-quiet">{{ site(grant.site) }}</span>
            <button
              type="button"
              class="dcp-button dcp-button--quiet dcp-button--icon"
              [disabled]="!editable()"
              [attr.aria-label]="
                t('removeGrant', {
                  role: role(grant.role),
                  site: site(grant.site),
                })
              "
              (click)="remove(grant)"
            >
              <dcp-icon name="close" [size]="12" />
            </button>
          </li>
        } @empty {
          <li class="dcp-quiet">{{ t('noGrants') }}</li>
        }
      </ul>
      <div class="add">
        <select
          #chosenRole
          class="dcp-select"
          [attr.aria-label]="t('role')"
          [disabled]="!editable()"
          (change)="wantedRole.set(chosenRole.value)"
        >
          @for (one of roles(); track one.id) {
            <option [value]="one.id" [selected]="one.id === wantedRole()">
              {{ role(one.id) }}
            </option>
          }
        </select>
        <select
          #chosenSite
          class="dcp-select"
          [attr.aria-label]="t('site')"
          [disabled]="!editable()"
          (change)="wantedSite.set(chosenSite.value)"
        >
          @for (one of sites(); track one.id) {
            <option [value]="one.id" [selected]="one.id === wantedSite()">
              {{ one.name }}
            </option>
          }
        </select>
        <button
          type="button"
          class="dcp-button"
          [disabled]="!editable() || roles().length === 0"
          (click)="add(chosenRole.value, chosenSite.value)"
        >
          {{ t('addGrant') }}
        </button>
      </div>
    </fieldset>
  `,
  styles: `
    fieldset {
      margin: 0;
      padding: 0;
      border: 0;
    }
    ul {
      margin: var(--dcp-space-1) 0 var(--dcp-space-2);
      border: 1px solid var(--dcp-hairline);
      border-radius: var(--dcp-radius);
      list-style: none;
    }
    li {
      display: flex;
      align-items: center;
      gap: var(--dcp-space-2);
      min-height: 28px;
      padding: 0 var(--dcp-space-2);
    }
    li + li {
      border-top: 1px solid var(--dcp-hairline);
    }
    li button {
      margin-inline-start: auto;
      min-height: 24px;
      height: 24px;
    }
    .add {
      display: flex;
      flex-wrap: wrap;
      gap: var(--dcp-space-2);
    }
    select {
      flex: 1;
    }
  `,
})
export class GrantsEditor {
  readonly roles = input.required<readonly Role[]>();
  readonly editable = input(true);
  readonly grants = model.required<readonly Grant[]>();
  protected readonly t = t;
  protected readonly wantedRole = signal('');
  protected readonly wantedSite = signal(shared.address().site ?? '*');
  protected readonly sites = computed(() => [
    ...(shared.sites() ?? []).map(({ id, name }) => ({ id, name })),
    { id: '*', name: t('allSites') },
  ]);

  protected role(id: string): string {
    return roleName(this.roles(), id);
  }

  protected site(id: string): string {
    return siteName(id);
  }

  protected add(role: string, site: string): void {
    if (this.grants().some((grant) => grant.role === role && grant.site === site)) return;
    this.grants.set([...this.grants(), { role, site }]);
  }

  protected remove(grant: Grant): void {
    this.grants.set(this.grants().filter((one) => one !== grant));
  }
}
