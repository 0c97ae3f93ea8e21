import { ChangeDetectionStrategy, Component, computed, signal } from '@angular/core';
import { formatTime, may, problemLine, ProblemError, query, toast, zoneName } from '@dcp/api-service';
import { CellTemplate, DataTable, Icon, InAddress, injectQueryState, loadable, shared, StatePanel, type Column } from '@dcp/kit';
import { grantText } from '../labels';
import { MANAGE, server, type UserAccount } from '../model';
import { t } from '../texts';
import { activationOf } from './activation';
import { CodeDialog, type ActivationCode } from './code-dialog';
import { DeactivateDialog } from './deactivate-dialog';
import { UserDialog } from './user-dialog';

@Component({
  selector: 'adm-users',
  imports: [CellTemplate, CodeDialog, DataTable, DeactivateDialog, Icon, InAddress, StatePanel, UserDialog],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <dcp-state class="dcp-panel" [of]="users" [empty]="rows().length === 0" [emptyTitle]="t('noUsers')" [emptyText]="t('noUsersText')">
      <dcp-table
        file="users"
        maxHeight="calc(100vh - 220px)"
        [label]="t('users')"
        [rows]="rows()"
        [columns]="columns()"
        [key]="key"
        [openable]="true"
        [dcpInAddress]="place"
        (opened)="place.set({ user: $event.id })"
      >
        <button
          tableActions
          type="button"
          class="dcp-button dcp-button--primary"
          [attr.aria-disabled]="!allowed()"
          [title]="allowed() ? '' : t('needs', { permission: manage })"
          (click)="allowed() && place.set({ user: 'new' })"
        >
          <dcp-icon name="plus" />{{ t('newUser') }}
        </button>
        <ng-template dcpCell="status" [dcpCellOf]="rows()" let-row>
          <span class="dcp-badge" [class.dcp-badge--good]="row.active" [class.dcp-badge--warning]="!row.active">{{
            t(row.active ? 'active' : 'inactive')
          }}</span>
        </ng-template>
      </dcp-table>
    </dcp-state>
    @if (edited(); as shown) {
      <adm-user-dialog
        [user]="shown.user"
        [roles]="roles.value() ?? []"
        [editable]="allowed()"
        (closed)="place.set({ user: '' })"
        (saved)="saved($event)"
        (code)="askCode($event)"
        (deactivate)="leaving.set($event)"
        (reactivate)="setActive($event, true)"
      />
    }
    @if (leaving(); as user) {
      <adm-deactivate [user]="user" (closed)="leaving.set(undefined)" (confirmed)="deactivate(user)" />
    }
    @if (code(); as shown) {
      <adm-code [code]="shown" (closed)="code.set(undefined)" />
    }
  `,
})
export class UsersPage {
  protected readonly t = t;
  protected readonly manage = MANAGE;
  protected readonly place = injectQueryState({
    q: query.text(),
    sort: query.text('name'),
    user: query.text(),
  });
  protected readonly users = loadable({
    load: (_, signal) => server.users(signal),
  });
  protected readonly roles = loadable({
    load: (_, signal) => server.roles(signal),
  });
  protected readonly rows = computed(() => this.users.value() ?? []);
  protected readonly key = (user: UserAccount): string => user.id;
  protected readonly leaving = signal<UserAccount | undefined>(undefined);
  protected readonly code = signal<ActivationCode | undefined>(undefined);
  protected readonly allowed = computed(() => {
    shared.session();
    return may(MANAGE, shared.address().site);
  });
  /** Which dialog is open: a known user's, or that of a new one. */
  protected readonly edited = computed<{ user: UserAccount | undefined } | undefined>(() => {
    const wanted = this.place.state().user;
    const user = this.rows().find(({ id }) => id === wanted);
    return user || wanted === 'new' ? { user } : undefined;
  });
  protected readonly columns = computed<readonly Column<UserAccount>[]>(() => {
    shared.language();
    shared.sites();
    const roles = this.roles.value() ?? [];
    return [
      {
        id: 'name',
        header: () => t('name'),
        value: (user) => user.name,
        width: 'minmax(160px, 1.2fr)',
      },
      {
        id: 'login',
        header: () => t('login'),
        value: (user) => user.login,
        mono: true,
        width: 'minmax(120px, 1fr)',
      },
      {
        id: 'email',
        header: () => t('email'),
        value: (user) => user.email,
        width: 'minmax(160px, 1.4fr)',
      },
      {
        id: 'grants',
        header: () => t('grants'),
        value: (user) => user.grants.map((grant) => grantText(roles, grant)).join('; '),
        width: 'minmax(200px, 2fr)',
      },
      {
        id: 'status',
        header: () => t('status'),
        value: (user) => t(user.active ? 'active' : 'inactive'),
        width: '112px',
      },
      {
        id: 'created',
        header: () => t('created'),
        unit: () => zoneName(),
        value: (user) => formatTime(user.created_at),
        width: '232px',
      },
    ];
  });

  protected saved(user: UserAccount): void {
    const isNew = this.place.state().user === 'new';
    this.put(user);
    this.place.set({ user: '' });
    toast(t(isNew ? 'userCreated' : 'userSaved', { name: user.name }));
    if (isNew) void this.askCode(user);
  }

  protected async askCode(user: UserAccount): Promise<void> {
    try {
      const { code, expires_at: until } = await activationOf(user.id);
      this.place.set({ user: '' });
      this.code.set({ name: user.name, code, until });
    } catch (error) {
      toast(`${t('codeMissing')} (${problemLine(ProblemError.from(error))})`, {
        kind: 'error',
      });
    }
  }

  protected async deactivate(user: UserAccount): Promise<void> {
    this.leaving.set(undefined);
    this.place.set({ user: '' });
    if (!(await this.setActive(user, false))) return;
    toast(t('deactivated', { name: user.name }), {
      action: { label: t('undo'), run: () => void this.setActive(user, true) },
    });
  }

  protected async setActive(user: UserAccount, active: boolean): Promise<boolean> {
    try {
      this.put({
        ...user,
        ...(await server.changeUser(user.id, {
          name: user.name,
          email: user.email,
          active,
        })),
        active,
      });
      if (active) toast(t('reactivated', { name: user.name }));
      return true;
    } catch (error) {
      toast(problemLine(ProblemError.from(error)), { kind: 'error' });
      return false;
    }
  }

  private put(user: UserAccount): void {
    const others = this.rows().filter(({ id }) => id !== user.id);
    this.users.set([...others, user]);
  }
}
