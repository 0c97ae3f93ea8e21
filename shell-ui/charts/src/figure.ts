// The frame around every chart: name and summary for a screen reader, a cursor for the keyboard, the values as a table, files to take along.

import { csv, fileName, png, save, type LegendEntry, type Table } from './export';
import { FIGURE_STYLE } from './figure-style';
import { showTable } from './table';
import { themeAt, watchTheme, type Theme } from './theme';
import { say, type Language } from './words';

export interface FigureOptions {
  title: string;
  language?: Language;
  /** Pixels of the plot without head and foot. */
  height?: number;
  /** Goes on every export: the zone, and what the data is. */
  label?: string;
  /** Names the files; without it the title does. */
  file?: string;
  /** Without a heading of its own, where the page already shows the title; it still names the figure. */
  bare?: boolean;
}

export type CursorKey = 'left' | 'right' | 'home' | 'end' | 'previous' | 'next' | 'enter' | 'brush' | 'in' | 'out' | 'undo';

/** What a chart tells its frame. */
export interface FigureSource {
  summary(): string;
  table(): Table;
  legend(): LegendEntry[];
  /** Moves the data cursor; answers with the words for the live region. */
  press(key: CursorKey, fast: boolean): string | undefined;
  /** Draws everything anew in the theme of the frame. */
  draw(): void;
  resize(width: number, height: number): void;
}

const KEYS: Record<string, CursorKey> = {
  ArrowLeft: 'left',
  ArrowRight: 'right',
  Home: 'home',
  End: 'end',
  PageUp: 'previous',
  PageDown: 'next',
  ArrowUp: 'previous',
  ArrowDown: 'next',
  Enter: 'enter',
  ' ': 'enter',
  b: 'brush',
  B: 'brush',
  '+': 'in',
  '-': 'out',
  Escape: 'undo',
};

let nextId = 0;
let styled = false;

export class Figure {
  readonly root = document.createElement('div');
  readonly plot = document.createElement('div');
  readonly foot = document.createElement('div');
  readonly tools = document.createElement('div');
  readonly language: Language;
  theme: Theme;
  private readonly summary = document.createElement('p');
  private readonly live = document.createElement('p');
  private readonly values = document.createElement('div');
  private readonly stops: (() => void)[] = [];
  private source: FigureSource | undefined;

  constructor(
    host: HTMLElement,
    readonly options: FigureOptions,
  ) {
    this.language = options.language ?? (document.documentElement.lang.startsWith('de') ? 'de' : 'en');
    addStyle();
    this.build();
    host.replaceChildren(this.root);
    this.theme = themeAt(this.root);
    this.plot.style.height = `${options.height ?? 320}px`;
  }

  /** Connects the chart; from here on the frame draws, resizes and asks. */
  connect(source: FigureSource): void {
    this.source = source;
    const sizes = new ResizeObserver(() => this.fit());
    sizes.observe(this.plot);
    this.stops.push(
      () => sizes.disconnect(),
      watchTheme(() => this.retheme()),
    );
    // colours are known only in the page, and a framework may draw before it attaches
    if (!this.root.isConnected) requestAnimationFrame(() => this.retheme());
    this.plot.addEventListener('keydown', (event) => this.keydown(event));
    this.refresh();
  }

  /** After new data: summary and table say what is shown now. */
  refresh(): void {
    if (!this.source) return;
    this.summary.textContent = this.source.summary();
    if (!this.values.hidden) showTable(this.values, this.source.table(), this.language, this.options.title);
  }

  announce(text: string): void {
    this.live.textContent = text;
  }

  /** A button in the toolbar of the figure. */
  button(text: string, pressed: (() => void) | undefined, title = text): HTMLButtonElement {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = text;
    button.title = title;
    if (title !== text) button.setAttribute('aria-label', title);
    if (pressed) button.addEventListener('click', pressed);
    this.tools.append(button);
    return button;
  }

  height(pixels: number): void {
    this.plot.style.height = `${pixels}px`;
  }

  csv(): string {
    const table = this.source?.table() ?? { columns: [], rows: [] };
    return csv(
      table,
      [this.options.label ?? '', this.options.title, `${say(this.language, 'exported')} ${new Date().toISOString()}`].filter(Boolean),
    );
  }

  png(): Promise<Blob> {
    const footer = [this.options.label, new Date().toISOString()].filter(Boolean).join(' · ');
    return png(this.plot, { title: this.options.title, footer, legend: this.source?.legend() ?? [], theme: this.theme });
  }

  saveCsv(): void {
    save(this.csv(), `${this.file()}.csv`);
  }

  async savePng(): Promise<void> {
    save(await this.png(), `${this.file()}.png`);
  }

  destroy(): void {
    for (const stop of this.stops) stop();
    this.root.remove();
  }

  private file(): string {
    return fileName(this.options.file ?? this.options.title);
  }

  private build(): void {
    const id = `dcp-figure-${nextId++}`;
    const { title, bare } = this.options;
    this.root.className = 'dcp-figure';
    this.root.setAttribute('role', 'figure');
    this.root.setAttribute('aria-labelledby', `${id}-title`);
    this.root.setAttribute('aria-describedby', `${id}-summary`);
    const head = part('div', 'dcp-figure-head');
    const heading = part('span', bare ? 'dcp-figure-hidden' : 'dcp-figure-title', `${id}-title`);
    heading.textContent = title;
    this.tools.className = 'dcp-figure-tools';
    head.append(heading, this.tools);
    Object.assign(this.summary, { className: 'dcp-figure-hidden', id: `${id}-summary` });
    Object.assign(this.live, { className: 'dcp-figure-hidden' });
    this.live.setAttribute('aria-live', 'polite');
    this.plot.className = 'dcp-figure-plot';
    this.plot.tabIndex = 0;
    this.plot.setAttribute('role', 'application');
    this.plot.setAttribute('aria-roledescription', say(this.language, 'interactive'));
    this.plot.setAttribute('aria-label', `${title}. ${say(this.language, 'keys')}`);
    this.foot.className = 'dcp-figure-foot';
    this.values.className = 'dcp-figure-values';
    this.values.hidden = true;
    this.root.append(head, this.summary, this.plot, this.foot, this.values, this.live);
    this.exportButtons();
  }

  private exportButtons(): void {
    const words = (key: Parameters<typeof say>[1]): string => say(this.language, key);
    const table = this.button(words('table'), () => {
      this.values.hidden = !this.values.hidden;
      this.plot.hidden = this.foot.hidden = !this.values.hidden;
      table.setAttribute('aria-pressed', String(!this.values.hidden));
      this.refresh();
      this.fit();
    });
    table.setAttribute('aria-pressed', 'false');
    this.button(words('csv'), () => this.saveCsv(), words('csvTitle'));
    this.button(words('png'), () => void this.savePng(), words('pngTitle'));
  }

  private keydown(event: KeyboardEvent): void {
    const key = KEYS[event.key];
    if (!key || !this.source || event.ctrlKey || event.metaKey || event.altKey) return;
    const words = this.source.press(key, event.shiftKey);
    if (words === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    this.announce(words);
  }

  private fit(): void {
    const { clientWidth, clientHeight } = this.plot;
    if (clientWidth > 0 && clientHeight > 0) this.source?.resize(clientWidth, clientHeight);
  }

  private retheme(): void {
    this.theme = themeAt(this.root);
    this.source?.draw();
  }
}

function part(tag: string, className: string, id = ''): HTMLElement {
  const element = document.createElement(tag);
  element.className = className;
  if (id) element.id = id;
  return element;
}

// A constructed sheet, because a content security policy refuses style elements.
function addStyle(): void {
  if (styled) return;
  styled = true;
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(FIGURE_STYLE);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}
