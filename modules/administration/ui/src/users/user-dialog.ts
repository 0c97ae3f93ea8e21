import { ChangeDetectionStrategy, Component, computed, input, linkedSignal, output, signal } from '@angular/core';
import { ProblemError, serverText } from '@dcp/api-service';
import { Dialog, ProblemPanel } from '@dcp/kit';
import { server, type Grant, type Role, type UserAccount } from '../model';
import { t } from '../texts';
import { GrantsEditor } from './grants-editor';

/** Makes a user, or changes one. */
@Component({
  selector: 'adm-user-dialog',
  imports: [Dialog, GrantsEditor, ProblemPanel],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <dcp-dialog [open]="true" [heading]="user() ? t('editUser', { name: user()!.name }) : t('newUser')" (closed)="closed.emit()">
      <form id="user-form" (submit)="$event.preventDefault(); save()">
        @for (field of fields; track field) {
          <div class="dcp-field">
            <label [for]="'user-' + field">{{ t(field) }}</label>
            <input
              #box
              class="dcp-input"
              spellcheck="false"
              autocomplete="off"
              [id]="'user-' + field"
              [type]="field === 'email' ? 'email' : 'text'"
              [readOnly]="!editable() || (field === 'login' && user() !== undefined)"
              [value]="draft()[field]"
              [attr.aria-invalid]="errors()[field] ? true : null"
              [attr.aria-describedby]="errors()[field] ? 'user-' + field + '-error' : null"
              (input)="change(field, box.value)"
            />
            @if (errors()[field]; as error) {
              <span class="dcp-error-text" [id]="'user-' + field + '-error'">{{ error }}</span>
            }
          </div>
        }
        <adm-grants [roles]="roles()" [editable]="editable()" [(grants)]="grants" />
      </form>
      @if (problem(); as failed) {
        <dcp-problem [problem]="failed" [retryable]="false" />
      }
      <ng-container dialogActions>
        @if (user(); as known) {
          @if (known.active) {
            <button type="button" class="dcp-button dcp-button--danger" [disabled]="!editable()" (click)="deactivate.emit(known)">
              {{ t('deactivate') }}
            </button>
          } @else {
            <button type="button" class="dcp-button" [disabled]="!editable()" (click)="reactivate.emit(known)">
              {{ t('reactivate') }}
            </button>
          }
          <button type="button" class="dcp-button" [disabled]="!editable()" (click)="code.emit(known)">
            {{ t('newCode') }}
          </button>
          <span class="fill"></span>
        }
        <button type="button" class="dcp-button" (click)="closed.emit()">
          {{ t('cancel') }}
        </button>
        <button form="user-form" class="dcp-button dcp-button--primary" [disabled]="!editable() || busy()">
          {{ t(busy() ? 'saving' : 'save') }}
        </button>
      </ng-container>
    </dcp-dialog>
  `,
  styles: `
    form {
      display: grid;
      gap: var(--dcp-space-3);
    }
    .fill {
      flex: 1;
    }
  `,
})
export class UserDialog {
  /** Nobody for a new user. */
  readonly user = input<UserAccount>();
  readonly roles = input.required<readonly Role[]>();
  readonly editable = input(true);
  readonly closed = output();
  readonly saved = output<UserAccount>();
  readonly code = output<UserAccount>();
  readonly deactivate = output<UserAccount>();
  readonly reactivate = output<UserAccount>();

  protected readonly t = t;
  protected readonly fields = ['name', 'login', 'email'] as const;
  protected readonly busy = signal(false);
  protected readonly problem = signal<ProblemError | undefined>(undefined);
  protected readonly draft = linkedSignal(() => ({
    name: this.user()?.name ?? '',
    login: this.user()?.login ?? '',
    email: this.user()?.email ?? '',
  }));
  protected readonly grants = linkedSignal<readonly Grant[]>(() => this.user()?.grants ?? []);
  private readonly checked = signal(false);

  protected readonly errors = computed<Partial<Record<'name' | 'login' | 'email', string>>>(() => {
    const fromServer = Object.fromEntries(
      (this.problem()?.errors ?? []).map(({ pointer, detail }) => [pointer.slice(1), serverText(detail)]),
    );
    if (!this.checked()) return fromServer;
    const missing = (['name', 'login'] as const).filter((field) => !this.draft()[field].trim()).map((field) => [field, t('needed')]);
    return {
      ...fromServer,
      ...(Object.fromEntries(missing) as Record<string, string>),
    };
  });

  protected change(field: 'name' | 'login' | 'email', value: string): void {
    this.draft.update((now) => ({ ...now, [field]: value }));
  }

  protected async save(): Promise<void> {
    this.checked.set(true);
    this.problem.set(undefined);
    if (Object.keys(this.errors()).length > 0 || this.busy()) return;
    this.busy.set(true);
    try {
      this.saved.emit(await this.send());
    } catch (error) {
      this.problem.set(ProblemError.from(error));
    }
    this.busy.set(false);
  }

  private async send(): Promise<UserAccount> {
    const { name, login, email } = this.draft();
    const grants = this.grants();
    const known = this.user();
    if (!known)
      return {
        ...(await server.createUser({
          name: name.trim(),
          login: login.trim(),
          email: email.trim(),
          grants,
        })),
        grants,
      };
    const changed = await server.changeUser(known.id, {
      name: name.trim(),
      email: email.trim(),
      active: known.active,
    });
    if (JSON.stringify(grants) !== JSON.stringify(known.grants)) await server.setGrants(known.id, grants);
    return { ...known, ...changed, grants };
  }
}
