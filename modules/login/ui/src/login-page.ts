import { ChangeDetectionStrategy, Component, computed } from '@angular/core';
import { LANGUAGES, loadSession, navigate, query, session, setLanguage, toast, type Language, type Session } from '@dcp/api-service';
import { injectQueryState, shared } from '@dcp/kit';
import { ActivateForm } from './activate-form';
import { ChangeForm } from './change-form';
import { SignInForm } from './sign-in-form';
import { t } from './texts';

@Component({
  selector: 'login-root',
  imports: [ActivateForm, ChangeForm, SignInForm],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <div class="brand">
      <svg viewBox="0 0 32 32" width="32" height="32" aria-hidden="true">
        <rect width="32" height="32" rx="6" />
        <path d="M5 22h4l3-13 4 16 3-10 2 5h6" />
      </svg>
      <span>{{ t('product') }}</span>
    </div>
    <div class="dcp-panel form">
      @switch (step()) {
        @case ('activate') {
          <login-activate (done)="arrive($event)" (back)="to('signin')" />
        }
        @case ('password') {
          <login-change
            [login]="session()?.user?.login ?? ''"
            [must]="session()?.must_change_password ?? false"
            (done)="changed()"
            (kept)="goOn()"
          />
        }
        @default {
          <login-sign-in [expired]="place.state().reason === 'expired'" (done)="arrive($event)" (activate)="to('activate')" />
        }
      }
    </div>
    <div class="languages" role="group" [attr.aria-label]="t('language')">
      @for (one of languages; track one) {
        <button
          type="button"
          class="dcp-button dcp-button--quiet"
          [attr.lang]="one"
          [attr.aria-pressed]="one === language()"
          (click)="speak(one)"
        >
          {{ names[one] }}
        </button>
      }
    </div>
  `,
  styleUrl: './login-page.css',
})
export class LoginPage {
  protected readonly t = t;
  protected readonly languages = LANGUAGES;
  protected readonly names: Readonly<Record<Language, string>> = {
    en: 'English',
    de: 'Deutsch',
  };
  protected readonly language = shared.language;
  protected readonly session = shared.session;
  protected readonly place = injectQueryState({
    step: query.oneOf(['signin', 'activate', 'password'], 'signin'),
    reason: query.text(),
    return: query.text(),
  });
  /** Only who is signed in can change a password. */
  protected readonly step = computed(() => {
    const step = this.place.state().step;
    return step === 'password' && !this.session() ? 'signin' : step;
  });

  constructor() {
    if (session.value && this.place.state().step !== 'password') this.arrive(session.value);
  }

  protected to(step: 'signin' | 'activate'): void {
    this.place.set({ step, reason: '' });
  }

  protected arrive(now: Session): void {
    if (now.must_change_password) this.place.set({ step: 'password' }, { replace: true });
    else this.goOn();
  }

  protected async changed(): Promise<void> {
    toast(t('changed'));
    await loadSession().catch(() => undefined);
    this.goOn();
  }

  protected goOn(): void {
    const to = this.place.state().return;
    // only the portal's own addresses
    navigate(/^\/(?![/\\])/.test(to) ? to : '/', { replace: true });
  }

  protected speak(language: Language): void {
    setLanguage(language);
  }
}
