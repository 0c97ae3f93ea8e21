// Colours of the charts: taken from the portal's tokens where the page has them, so that one change of theme reaches every chart.

export interface Theme {
  text: string;
  muted: string;
  grid: string;
  surface: string;
  accent: string;
  /** Only for broken limits and abnormal batches. */
  alarm: string;
  font: string;
  series: readonly string[];
}

// Okabe-Ito, without vermilion (kept for alarms); lightened for dark surfaces where the original falls under 3:1.
const SERIES_ON_LIGHT = ['#0072b2', '#00805d', '#a8518a', '#b06f00', '#3b8fc4', '#5b5b5b'];
const SERIES_ON_DARK = ['#56b4e9', '#2fc69b', '#dd93bd', '#e69f00', '#f0e442', '#b8b8b8'];

// The portal's sixth series colour is vermilion, too near to the alarm.
const SERIES_TOKENS = [1, 3, 4, 2, 5, 7];

/** Dash patterns, the second mark beside colour; index equals the series index. */
export const DASHES: readonly (readonly number[])[] = [[], [7, 3], [2, 2], [9, 3, 2, 3], [14, 4], [4, 4]];

const LIGHT: Omit<Theme, 'series' | 'font'> = {
  text: '#1b2126',
  muted: '#5c6670',
  grid: '#e3e7ea',
  surface: '#ffffff',
  accent: '#0072b2',
  alarm: '#c44e00',
};
const DARK: Omit<Theme, 'series' | 'font'> = {
  text: '#e8ecef',
  muted: '#a0abb5',
  grid: '#2c343b',
  surface: '#14191d',
  accent: '#56b4e9',
  alarm: '#ff8a4c',
};

/** The colours in force at an element. */
export function themeAt(element: Element): Theme {
  const style = getComputedStyle(element);
  const dark = isDark(element);
  const base = dark ? DARK : LIGHT;
  const token = (name: string, otherwise: string): string => resolve(element, style.getPropertyValue(name).trim()) || otherwise;
  return {
    text: token('--dcp-text', base.text),
    muted: token('--dcp-chart-axis', base.muted),
    grid: token('--dcp-chart-grid', base.grid),
    surface: token('--dcp-surface', base.surface),
    accent: token('--dcp-series-1', base.accent),
    alarm: token('--dcp-chart-limit', base.alarm),
    font: style.fontFamily || 'system-ui, sans-serif',
    series: (dark ? SERIES_ON_DARK : SERIES_ON_LIGHT).map((colour, at) => token(`--dcp-series-${SERIES_TOKENS[at]}`, colour)),
  };
}

// A token may be light-dark(..) or another variable; a canvas wants the colour itself.
function resolve(element: Element, value: string): string {
  if (!value) return '';
  if (/^#|^rgb/.test(value)) return value;
  const probe = document.createElement('span');
  probe.style.color = value;
  probe.style.display = 'none';
  element.append(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return colour;
}

function isDark(element: Element): boolean {
  const scheme = getComputedStyle(element).colorScheme;
  if (scheme === 'dark') return true;
  if (scheme === 'light') return false;
  return matchMedia('(prefers-color-scheme: dark)').matches;
}

/** Calls back whenever the page changes between light and dark; returns how to stop. */
export function watchTheme(changed: () => void): () => void {
  const media = matchMedia('(prefers-color-scheme: dark)');
  media.addEventListener('change', changed);
  const observer = new MutationObserver(changed);
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ['class', 'style', 'data-theme'] });
  return () => {
    media.removeEventListener('change', changed);
    observer.disconnect();
  };
}

/** The same colour with another opacity. */
export function withAlpha(colour: string, alpha: number): string {
  const hex = /^#(?:([0-9a-f]{6})|([0-9a-f]{3}))$/i.exec(colour);
  if (hex) {
    const six = hex[1] ?? (hex[2] ?? '').replace(/./g, '$&$&');
    const [red, green, blue] = [0, 2, 4].map((at) => parseInt(six.slice(at, at + 2), 16));
    return `rgba(${red}, ${green}, ${blue}, ${alpha})`;
  }
  const rgb = /^rgba?\(([^)]+)\)/.exec(colour);
  const [red, green, blue] = rgb ? (rgb[1] ?? '').split(/[ ,/]+/) : ['128', '128', '128'];
  return `rgba(${red}, ${green}, ${blue}, ${alpha})`;
}
