import { ChangeDetectionStrategy, Component, computed, input, linkedSignal, output, signal } from '@angular/core';
import { localized, ProblemError, serverText } from '@dcp/api-service';
import { Dialog, ProblemPanel, shared, StatePanel, type Loadable } from '@dcp/kit';
import { descriptionOf, titleOf } from '../labels';
import { isBuiltIn, server, type PermissionInfo, type Role } from '../model';
import { t } from '../texts';

/** Makes a role, or changes what its holders may do. */
@Component({
  selector: 'adm-role-dialog',
  imports: [Dialog, ProblemPanel, StatePanel],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './role-dialog.html',
  styleUrl: './role-dialog.css',
})
export class RoleDialog {
  /** Nothing for a new role. */
  readonly role = input<Role>();
  readonly permissions = input.required<Loadable<readonly PermissionInfo[]>>();
  /** Whether the reader may make and change roles. */
  readonly allowed = input(true);
  readonly closed = output();
  readonly saved = output<Role>();

  protected readonly t = t;
  protected readonly busy = signal(false);
  protected readonly problem = signal<ProblemError | undefined>(undefined);
  protected readonly checked = signal(false);
  /** A copy is a new role that begins with what the shown one allows. */
  protected readonly copying = signal(false);
  protected readonly builtIn = computed(() => {
    const role = this.role();
    return !this.copying() && role !== undefined && isBuiltIn(role);
  });
  protected readonly editable = computed(() => this.allowed() && !this.builtIn());
  protected readonly heading = computed(() => {
    const role = this.role();
    return role === undefined || this.copying() ? t('newRole') : t('editRole', { name: titleOf(role) });
  });
  protected readonly name = linkedSignal(() => {
    shared.language();
    const role = this.role();
    if (!role) return '';
    return this.copying() ? t('copyOf', { name: titleOf(role) }) : titleOf(role);
  });
  protected readonly description = linkedSignal(() => {
    shared.language();
    const role = this.role();
    return role ? descriptionOf(role) : '';
  });
  protected readonly held = linkedSignal<ReadonlySet<string>>(() => new Set(this.role()?.permissions ?? []));
  protected readonly nameError = computed(() => {
    const said = this.problem()?.errors.find(({ pointer }) => pointer === '/name')?.detail;
    return said === undefined ? (this.checked() && !this.name().trim() ? t('needed') : '') : serverText(said);
  });
  protected readonly groups = computed(() => {
    shared.language();
    const groups = new Map<string, PermissionInfo[]>();
    for (const one of this.permissions().value() ?? []) groups.set(one.module, [...(groups.get(one.module) ?? []), one]);
    return [...groups].map(([module, permissions]) => ({
      module,
      title: this.moduleTitle(module),
      permissions,
    }));
  });

  private moduleTitle(name: string): string {
    const module = shared.portal()?.modules.find((one) => one.name === name);
    // what the nodes allow belongs to no module
    return module ? localized(module.title) : name === 'node' ? t('node') : name;
  }

  protected textOf(permission: PermissionInfo): string {
    return localized(permission.title);
  }

  protected toggle(permission: string, on: boolean): void {
    this.held.update((now) => {
      const next = new Set(now);
      if (on) next.add(permission);
      else next.delete(permission);
      return next;
    });
  }

  protected async save(): Promise<void> {
    this.checked.set(true);
    this.problem.set(undefined);
    if (this.nameError() || this.busy()) return;
    this.busy.set(true);
    const draft = {
      name: this.name().trim(),
      description: this.description().trim(),
      permissions: [...this.held()].sort(),
    };
    try {
      const known = this.copying() ? undefined : this.role();
      const answer = known ? await server.changeRole({ id: known.id, ...draft }) : await server.createRole(draft);
      this.saved.emit({ ...(known ?? { id: '' }), ...draft, ...answer });
    } catch (error) {
      this.problem.set(ProblemError.from(error));
    }
    this.busy.set(false);
  }
}
