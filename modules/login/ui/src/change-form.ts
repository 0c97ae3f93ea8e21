import { ChangeDetectionStrategy, Component, computed, input, output, signal } from '@angular/core';
import { api } from '@dcp/api-service';
import { ProblemPanel } from '@dcp/kit';
import { newPassword, SHORTEST_PASSWORD } from './new-password';
import { PasswordField } from './password-field';
import { fieldError, submission } from './submission';
import { t } from './texts';

@Component({
  selector: 'login-change',
  imports: [PasswordField, ProblemPanel],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <h1>{{ t('change') }}</h1>
    @if (must()) {
      <p class="note">{{ t('mustChange') }}</p>
    }
    <form (submit)="$event.preventDefault(); submit()">
      <input class="dcp-unseen" type="text" autocomplete="username" tabindex="-1" aria-hidden="true" [value]="login()" readonly />
      <login-password [label]="t('oldPassword')" autocomplete="current-password" [error]="oldError()" [(value)]="old" />
      <login-password
        [label]="t('newPassword')"
        autocomplete="new-password"
        [hint]="t('rule', { count: shortest })"
        [error]="chosen.firstError() || refused()"
        [(value)]="chosen.first"
      />
      <login-password [label]="t('repeat')" autocomplete="new-password" [error]="chosen.secondError()" [(value)]="chosen.second" />
      <button class="dcp-button dcp-button--primary" [attr.aria-disabled]="form.busy()">
        {{ t('doChange') }}
      </button>
    </form>
    @if (other(); as problem) {
      <dcp-problem [problem]="problem" [retryable]="false" />
    }
    @if (!must()) {
      <button type="button" class="dcp-button dcp-button--quiet" (click)="kept.emit()">
        {{ t('cancel') }}
      </button>
    }
  `,
  styleUrl: './form.css',
})
export class ChangeForm {
  readonly login = input.required<string>();
  readonly must = input(false);
  readonly done = output();
  readonly kept = output();
  protected readonly t = t;
  protected readonly shortest = SHORTEST_PASSWORD;
  protected readonly form = submission();
  protected readonly old = signal('');
  protected readonly chosen = newPassword();
  protected readonly oldError = computed(() => (fieldError(this.form.problem(), '/old') ? t('oldWrong') : ''));
  protected readonly refused = computed(() => fieldError(this.form.problem(), '/new'));
  protected readonly other = computed(() => (this.oldError() || this.refused() ? undefined : this.form.problem()));

  protected submit(): void {
    if (!this.chosen.check()) return;
    this.form.send(async () => {
      await api.post('/api/login/password', { old: this.old(), new: this.chosen.first() }, { anonymous: true });
      this.done.emit();
    });
  }
}
