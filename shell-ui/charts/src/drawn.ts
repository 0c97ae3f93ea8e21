// What the charts on ECharts have in common: the engine comes late, the frame is there at once.

import type { EChartsType } from './engine';
import { Figure, type CursorKey, type FigureOptions, type FigureSource } from './figure';
import type { LegendEntry, Table } from './export';
import type { Theme } from './theme';
import { say } from './words';

/** The loosely shaped option tree that ECharts takes. */
export type Option = Record<string, unknown>;

export abstract class DrawnChart<O extends FigureOptions> implements FigureSource {
  readonly figure: Figure;
  protected engine: EChartsType | undefined;
  private gone = false;

  protected constructor(
    host: HTMLElement,
    protected options: O,
  ) {
    this.figure = new Figure(host, options);
    this.figure.foot.classList.add('dcp-figure-legend');
    this.prepare();
    this.figure.connect(this);
    void this.load();
  }

  update(options: Partial<O>): void {
    this.options = { ...this.options, ...options };
    if (options.height) this.figure.height(options.height);
    this.redraw();
    this.figure.refresh();
  }

  destroy(): void {
    this.gone = true;
    this.engine?.dispose();
    this.figure.destroy();
  }

  draw(): void {
    this.redraw();
  }

  resize(width: number, height: number): void {
    this.engine?.resize({ width, height });
  }

  abstract summary(): string;
  abstract table(): Table;
  abstract legend(): LegendEntry[];
  abstract press(key: CursorKey, fast: boolean): string | undefined;

  /** Buttons of the chart, before anything is drawn. */
  protected prepare(): void {}
  /** The whole picture as ECharts takes it. */
  protected abstract picture(theme: Theme): Option;
  /** Once, when the engine is there: listeners. */
  protected abstract ready(engine: EChartsType): void;

  protected redraw(): void {
    this.engine?.setOption(this.picture(this.figure.theme), { notMerge: true });
    this.foot();
  }

  protected foot(): void {}

  protected say(key: Parameters<typeof say>[1], values: Record<string, string | number> = {}): string {
    return say(this.figure.language, key, values);
  }

  protected axisLook(theme: Theme): Option {
    return {
      axisLine: { show: true, lineStyle: { color: theme.muted } },
      axisTick: { lineStyle: { color: theme.muted } },
      axisLabel: { color: theme.muted, fontSize: 11 },
      splitLine: { show: true, lineStyle: { color: theme.grid } },
      nameTextStyle: { color: theme.muted, fontSize: 11 },
    };
  }

  private async load(): Promise<void> {
    const note = document.createElement('p');
    note.className = 'dcp-figure-empty';
    note.textContent = this.say('loading');
    this.figure.plot.append(note);
    const { init } = await import('./engine');
    note.remove();
    if (this.gone) return;
    const { clientWidth: width, clientHeight: height } = this.figure.plot;
    const stage = document.createElement('div');
    this.figure.plot.append(stage);
    this.engine = init(stage, null, { renderer: 'canvas', width: width || 600, height: height || 320 });
    this.ready(this.engine);
    this.redraw();
  }
}

/** How points of a group look: colour and symbol, so that colour is never alone. */
export function groupLook(group: Group, theme: Theme): { color: string; symbol: string; size: number } {
  if (group === 'abnormal') return { color: theme.alarm, symbol: 'triangle', size: 11 };
  if (group === 'reference') return { color: theme.accent, symbol: 'circle', size: 7 };
  return { color: theme.muted, symbol: 'diamond', size: 8 };
}

export type Group = 'reference' | 'other' | 'abnormal';

const SHAPES: Record<string, string> = { triangle: 'M6 1L11 10H1Z', circle: 'M6 2a4 4 0 1 0 .01 0Z', diamond: 'M6 1L11 6L6 11L1 6Z' };

/** A legend entry with the symbol of a group. */
export function symbolEntry(group: Group, theme: Theme, name: string): HTMLElement {
  const look = groupLook(group, theme);
  const item = document.createElement('div');
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 12 12');
  svg.setAttribute('width', '12');
  svg.setAttribute('aria-hidden', 'true');
  svg.style.verticalAlign = '-2px';
  svg.style.marginRight = '5px';
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  path.setAttribute('d', SHAPES[look.symbol] ?? '');
  path.setAttribute('fill', look.color);
  svg.append(path);
  item.append(svg, name);
  return item;
}

/** What a tooltip shows, as text nodes: names come from outside and are never markup. */
export function tip(title: string, lines: readonly string[]): HTMLElement {
  const box = document.createElement('div');
  const bold = document.createElement('b');
  bold.textContent = title;
  box.append(bold);
  for (const line of lines) {
    const row = document.createElement('div');
    row.textContent = line;
    box.append(row);
  }
  return box;
}

export function tooltipLook(theme: Theme): Option {
  return {
    backgroundColor: theme.surface,
    borderColor: theme.grid,
    textStyle: { color: theme.text, fontSize: 12, fontFamily: theme.font },
    confine: true,
    transitionDuration: 0,
  };
}
