import { remembered, Store, type Readable } from './store';

/** What the user chose; `system` follows the computer. */
export type ThemeChoice = 'light' | 'dark' | 'system';
export type Theme = 'light' | 'dark';
export type Density = 'compact' | 'comfortable';

const THEMES: readonly ThemeChoice[] = ['light', 'dark', 'system'];
const DENSITIES: readonly Density[] = ['compact', 'comfortable'];

const choice = remembered<ThemeChoice>('theme', 'system', (value): value is ThemeChoice => THEMES.some((theme) => theme === value));
/** How tight tables and lists are, remembered. */
export const density = remembered<Density>('density', 'compact', (value): value is Density => DENSITIES.some((word) => word === value));

const dark = matchMedia('(prefers-color-scheme: dark)');
const resolve = (): Theme => (choice.value === 'system' ? (dark.matches ? 'dark' : 'light') : choice.value);
const shown = new Store<Theme>(resolve());

function apply(): void {
  const root = document.documentElement;
  root.dataset['theme'] = resolve();
  root.dataset['density'] = density.value;
  shown.set(resolve());
}
apply();
choice.subscribe(apply);
density.subscribe(apply);
dark.addEventListener('change', apply);

/** What the user chose. */
export const themeChoice: Readable<ThemeChoice> = choice;
/** What is on show, for canvases that draw their own colours. */
export const theme: Readable<Theme> = shown;

/** Chooses the theme and remembers it. */
export function setTheme(next: ThemeChoice): void {
  choice.set(next);
}

/** The value of a design token now: `token('--dcp-series-1')`. */
export function token(name: `--dcp-${string}`): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
