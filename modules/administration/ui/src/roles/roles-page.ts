import { ChangeDetectionStrategy, Component, computed } from '@angular/core';
import { may, query, toast } from '@dcp/api-service';
import { DataTable, Icon, InAddress, injectQueryState, loadable, shared, StatePanel, type Column } from '@dcp/kit';
import { descriptionOf, titleOf } from '../labels';
import { MANAGE, server, type Role } from '../model';
import { t } from '../texts';
import { RoleDialog } from './role-dialog';

@Component({
  selector: 'adm-roles',
  imports: [DataTable, Icon, InAddress, RoleDialog, StatePanel],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <dcp-state class="dcp-panel" [of]="roles" [empty]="rows().length === 0" [emptyTitle]="t('noRoles')" [emptyText]="t('noRolesText')">
      <dcp-table
        file="roles"
        maxHeight="calc(100vh - 220px)"
        [label]="t('roles')"
        [rows]="rows()"
        [columns]="columns()"
        [key]="key"
        [openable]="true"
        [dcpInAddress]="place"
        (opened)="place.set({ role: $event.id })"
      >
        <button
          tableActions
          type="button"
          class="dcp-button dcp-button--primary"
          [attr.aria-disabled]="!allowed()"
          [title]="allowed() ? '' : t('needs', { permission: manage })"
          (click)="allowed() && place.set({ role: 'new' })"
        >
          <dcp-icon name="plus" />{{ t('newRole') }}
        </button>
      </dcp-table>
    </dcp-state>
    @if (edited(); as shown) {
      <adm-role-dialog
        [role]="shown.role"
        [permissions]="permissions"
        [allowed]="allowed()"
        (closed)="place.set({ role: '' })"
        (saved)="saved($event)"
      />
    }
  `,
})
export class RolesPage {
  protected readonly t = t;
  protected readonly manage = MANAGE;
  protected readonly place = injectQueryState({
    q: query.text(),
    sort: query.text('name'),
    role: query.text(),
  });
  protected readonly roles = loadable({
    load: (_, signal) => server.roles(signal),
  });
  protected readonly users = loadable({
    load: (_, signal) => server.users(signal),
  });
  protected readonly permissions = loadable({
    load: (_, signal) => server.permissions(signal),
  });
  protected readonly rows = computed(() => this.roles.value() ?? []);
  protected readonly key = (role: Role): string => role.id;
  protected readonly allowed = computed(() => {
    shared.session();
    return may(MANAGE, shared.address().site);
  });
  /** Which dialog is open: a known role's, or that of a new one. */
  protected readonly edited = computed<{ role: Role | undefined } | undefined>(() => {
    const wanted = this.place.state().role;
    const role = this.rows().find(({ id }) => id === wanted);
    return role || wanted === 'new' ? { role } : undefined;
  });
  protected readonly columns = computed<readonly Column<Role>[]>(() => {
    shared.language();
    const members = (role: Role): number =>
      (this.users.value() ?? []).filter((user) => user.grants.some((grant) => grant.role === role.id)).length;
    return [
      {
        id: 'name',
        header: () => t('name'),
        value: titleOf,
        width: 'minmax(160px, 1fr)',
      },
      {
        id: 'description',
        header: () => t('description'),
        value: descriptionOf,
        width: 'minmax(200px, 2fr)',
      },
      {
        id: 'permissions',
        header: () => t('permissions'),
        value: (role) => role.permissions.join(', '),
        mono: true,
        width: 'minmax(240px, 3fr)',
      },
      {
        id: 'members',
        header: () => t('members'),
        value: members,
        numeric: true,
        width: '96px',
      },
    ];
  });

  protected saved(role: Role): void {
    this.roles.set([...this.rows().filter(({ id }) => id !== role.id), role]);
    this.place.set({ role: '' });
    toast(t('roleSaved', { name: role.name }));
  }
}
