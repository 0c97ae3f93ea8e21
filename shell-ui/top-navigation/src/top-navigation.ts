import { CdkMenu, CdkMenuGroup, CdkMenuItem, CdkMenuItemRadio, CdkMenuTrigger } from '@angular/cdk/menu';
import { ChangeDetectionStrategy, Component, computed } from '@angular/core';
import {
  address,
  clockChoice,
  currentModule,
  density,
  followLink,
  LANGUAGES,
  lastSite,
  localized,
  navigate,
  setLanguage,
  setTheme,
  siteAddress,
  signOut,
  themeChoice,
  toast,
  type Density,
  type Language,
  type ThemeChoice,
  problemLine,
  ProblemError,
} from '@dcp/api-service';
import { Icon, shared, signalOf, ZoneBadge } from '@dcp/kit';
import { t } from './texts';

const LANGUAGE_NAMES: Readonly<Record<Language, string>> = { en: 'English', de: 'Deutsch' };

@Component({
  selector: 'nav-root',
  imports: [CdkMenu, CdkMenuGroup, CdkMenuItem, CdkMenuItemRadio, CdkMenuTrigger, Icon, ZoneBadge],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './top-navigation.html',
  styleUrl: './top-navigation.css',
})
export class TopNavigation {
  protected readonly t = t;
  protected readonly follow = followLink;
  protected readonly session = shared.session;
  protected readonly sites = shared.sites;
  protected readonly connection = shared.connection;
  protected readonly language = shared.language;
  protected readonly languages = LANGUAGES;
  protected readonly languageNames = LANGUAGE_NAMES;
  protected readonly themes: readonly ThemeChoice[] = ['light', 'dark', 'system'];
  protected readonly densities: readonly Density[] = ['compact', 'comfortable'];
  protected readonly clocks = [
    { choice: 'site', text: 'siteClock' },
    { choice: 'user', text: 'userClock' },
    { choice: 'utc', text: 'utcClock' },
  ] as const;
  protected readonly theme = signalOf(themeChoice);
  protected readonly density = shared.density;
  protected readonly clock = signalOf(clockChoice);

  protected readonly site = computed(() => {
    const id = shared.address().site;
    return this.sites()?.find((site) => site.id === id) ?? (id === undefined ? undefined : { id, name: id });
  });
  protected readonly homeHref = computed(() => (shared.address().site === undefined ? '/' : siteAddress('home')));
  protected readonly module = computed(() => {
    shared.address();
    shared.portal();
    return currentModule();
  });
  protected readonly moduleTitle = computed(() => {
    shared.language();
    const module = this.module();
    return module ? localized(module.title) : '';
  });
  protected readonly node = computed(() => shared.portal()?.node);

  protected goTo(site: string): void {
    lastSite.set(site);
    // what a page shows (batches, tags) belongs to one site, the route does not
    navigate(siteAddress(address.value.site === undefined ? 'home' : (address.value.route ?? 'home'), site));
  }

  protected allSites(): void {
    navigate('/sites');
  }

  protected changePassword(): void {
    navigate('/login?step=password');
  }

  protected speak(language: Language): void {
    setLanguage(language);
  }

  protected paint(theme: ThemeChoice): void {
    setTheme(theme);
  }

  protected pack(choice: Density): void {
    density.set(choice);
  }

  protected tell(choice: 'site' | 'user' | 'utc'): void {
    clockChoice.set(choice);
  }

  protected async leave(): Promise<void> {
    try {
      await signOut();
      navigate('/login');
    } catch (error) {
      toast(problemLine(ProblemError.from(error)), { kind: 'error' });
    }
  }
}
