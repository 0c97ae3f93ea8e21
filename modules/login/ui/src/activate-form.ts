import { ChangeDetectionStrategy, Component, computed, output, signal } from '@angular/core';
import { api, loadSession, type Session } from '@dcp/api-service';
import { ProblemPanel } from '@dcp/kit';
import { newPassword, SHORTEST_PASSWORD } from './new-password';
import { PasswordField } from './password-field';
import { fieldError, submission } from './submission';
import { t } from './texts';

@Component({
  selector: 'login-activate',
  imports: [PasswordField, ProblemPanel],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <h1>{{ t('activate') }}</h1>
    <p class="dcp-quiet">{{ t('activateText') }}</p>
    <form (submit)="$event.preventDefault(); submit()">
      <div class="dcp-field">
        <label for="activate-name">{{ t('login') }}</label>
        <input
          #name
          id="activate-name"
          class="dcp-input"
          autocomplete="username"
          autocapitalize="none"
          spellcheck="false"
          required
          [value]="login()"
          (input)="login.set(name.value)"
        />
      </div>
      <div class="dcp-field">
        <label for="activate-code">{{ t('code') }}</label>
        <input
          #secret
          id="activate-code"
          class="dcp-input dcp-code"
          autocomplete="one-time-code"
          spellcheck="false"
          required
          [value]="code()"
          (input)="code.set(secret.value)"
        />
      </div>
      <login-password
        [label]="t('newPassword')"
        autocomplete="new-password"
        [hint]="t('rule', { count: shortest })"
        [error]="chosen.firstError() || refused()"
        [(value)]="chosen.first"
      />
      <login-password [label]="t('repeat')" autocomplete="new-password" [error]="chosen.secondError()" [(value)]="chosen.second" />
      <button class="dcp-button dcp-button--primary" [attr.aria-disabled]="form.busy()">
        {{ t('doActivate') }}
      </button>
    </form>
    @if (other(); as problem) {
      <dcp-problem [problem]="problem" [retryable]="false" />
    }
    <button type="button" class="dcp-button dcp-button--quiet" (click)="back.emit()">
      {{ t('back') }}
    </button>
  `,
  styleUrl: './form.css',
})
export class ActivateForm {
  readonly done = output<Session>();
  readonly back = output();
  protected readonly t = t;
  protected readonly shortest = SHORTEST_PASSWORD;
  protected readonly form = submission();
  protected readonly login = signal('');
  protected readonly code = signal('');
  protected readonly chosen = newPassword();
  protected readonly refused = computed(() => fieldError(this.form.problem(), '/password'));

  protected readonly other = computed(() => (this.refused() ? undefined : this.form.problem()));

  protected submit(): void {
    if (!this.chosen.check()) return;
    const [login, password] = [this.login().trim(), this.chosen.first()];
    this.form.send(async () => {
      await api.post('/api/login/activate', { login, code: this.code().trim(), password }, { anonymous: true });
      const now = await loadSession();
      if (now) this.done.emit(now);
    });
  }
}
