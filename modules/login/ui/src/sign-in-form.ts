import {
  afterNextRender,
  ChangeDetectionStrategy,
  Component,
  computed,
  type ElementRef,
  input,
  output,
  signal,
  viewChild,
} from '@angular/core';
import { signIn, type Session } from '@dcp/api-service';
import { ProblemPanel } from '@dcp/kit';
import { PasswordField } from './password-field';
import { submission } from './submission';
import { t } from './texts';

@Component({
  selector: 'login-sign-in',
  imports: [PasswordField, ProblemPanel],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <h1>{{ t('signIn') }}</h1>
    @if (expired() && !form.problem()) {
      <p class="note" role="status">{{ t('expired') }}</p>
    }
    <form (submit)="$event.preventDefault(); submit()">
      <div class="dcp-field">
        <label for="login-name">{{ t('login') }}</label>
        <input
          #name
          id="login-name"
          class="dcp-input"
          name="username"
          autocomplete="username"
          autocapitalize="none"
          spellcheck="false"
          [value]="login()"
          [attr.aria-invalid]="missing() === 'login' ? true : null"
          (input)="login.set(name.value)"
        />
        @if (missing() === 'login') {
          <span class="dcp-error-text">{{ t('needed') }}</span>
        }
      </div>
      <login-password
        [label]="t('password')"
        autocomplete="current-password"
        [error]="missing() === 'password' ? t('needed') : ''"
        [(value)]="password"
      />
      <div role="alert">
        @if (message(); as text) {
          <p class="dcp-error-text">{{ text }}</p>
        }
      </div>
      <button class="dcp-button dcp-button--primary" [attr.aria-disabled]="form.busy() || form.wait() > 0">
        {{ t(form.busy() ? 'signingIn' : 'signIn') }}
      </button>
    </form>
    @if (other(); as problem) {
      <dcp-problem [problem]="problem" [retryable]="false" />
    }
    <button type="button" class="dcp-button dcp-button--quiet" (click)="activate.emit()">
      {{ t('first') }}
    </button>
  `,
  styleUrl: './form.css',
})
export class SignInForm {
  readonly expired = input(false);
  readonly done = output<Session>();
  readonly activate = output();
  protected readonly t = t;
  protected readonly form = submission();
  protected readonly login = signal('');
  protected readonly password = signal('');
  protected readonly missing = signal<'login' | 'password' | undefined>(undefined);
  private readonly name = viewChild.required<ElementRef<HTMLInputElement>>('name');

  protected readonly message = computed(() => {
    if (this.form.wait() > 0) return t('slowed', { seconds: this.form.wait() });
    return this.form.problem()?.status === 401 ? t('wrong') : undefined;
  });
  /** A problem that is not about the password. */
  protected readonly other = computed(() => {
    const problem = this.form.problem();
    return problem && problem.status !== 401 && problem.status !== 429 ? problem : undefined;
  });

  constructor() {
    afterNextRender(() => this.name().nativeElement.focus());
  }

  protected submit(): void {
    this.missing.set(!this.login().trim() ? 'login' : !this.password() ? 'password' : undefined);
    if (this.missing()) return;
    this.form.send(async () => {
      try {
        this.done.emit(await signIn(this.login().trim(), this.password()));
      } finally {
        this.password.set('');
      }
    });
  }
}
