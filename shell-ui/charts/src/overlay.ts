// Batches laid over each other: aligned at their start, the chosen ones in front, good batches as a band.

import { Figure, type CursorKey, type FigureSource } from './figure';
import type { LegendEntry, Table } from './export';
import { number } from './numbers';
import { OverlayPlot } from './overlay-lane';
import { extentOf, onLine, type OverlayLine, type OverlayOptions } from './overlay-model';
import { followPointer, onClickInPlace } from './pointer';
import { DASHES } from './theme';
import { colourOf, STRIP_HEIGHT, TIME_AXIS_HEIGHT } from './trend-lane';
import { swatch } from './trend-readout';
import { measured, unitWords } from './units';
import { say } from './words';
import { scaled, ZoomHistory, type Range } from './zoom';

let nextKey = 0;

export class OverlayChart implements FigureSource {
  readonly figure: Figure;
  private plots: OverlayPlot[] = [];
  private zooms: ZoomHistory;
  private size = { width: 0, height: 0 };
  private cursorAt: number | null = null;
  private pointed: string | undefined;
  private active = 0;
  private brush: number | null = null;
  private readonly undoButton: HTMLButtonElement;
  private readonly key = `dcp-overlay-${nextKey++}`;

  constructor(
    host: HTMLElement,
    private options: OverlayOptions,
  ) {
    this.figure = new Figure(host, { height: naturalHeight(options), ...options });
    this.zooms = new ZoomHistory(extentOf(options.lanes));
    if (options.zoom) this.zooms.go(options.zoom);
    this.undoButton = this.figure.button(this.say('undo'), () => this.apply(this.zooms.undo()));
    this.figure.tools.prepend(this.undoButton);
    this.figure.foot.classList.add('dcp-figure-legend');
    followPointer(this.figure.plot, {
      range: () => this.zooms.range,
      width: () => this.plots[0]?.plot.over.clientWidth ?? 1,
      valueAt: (x) => this.placeAt(x),
      slide: (range) => this.apply(this.zooms.slide(range)),
    });
    onClickInPlace(this.figure.plot, (event) => this.clicked(event));
    this.figure.plot.addEventListener('mouseleave', () => this.moved(null, undefined));
    this.figure.connect(this);
  }

  update(options: Partial<OverlayOptions>): void {
    const redraw = Object.keys(options).some((key) => !['highlighted', 'at'].includes(key));
    this.options = { ...this.options, ...options };
    if (options.lanes) this.zooms.extend(extentOf(options.lanes));
    if ('zoom' in options) this.zooms.follow(options.zoom);
    if (this.options.height === undefined) this.figure.height(naturalHeight(this.options));
    if (redraw || options.at !== undefined) this.rebuild();
    else for (const plot of this.plots) plot.drawFront();
    this.legendRow();
    this.figure.refresh();
  }

  destroy(): void {
    for (const plot of this.plots) plot.destroy();
    this.figure.destroy();
  }

  summary(): string {
    const { lanes, x, highlighted } = this.options;
    return this.say('overlaySummary', {
      lanes: lanes.map(({ name, remark }) => (remark ? `${name} (${remark})` : name)).join(', '),
      count: this.batches().length,
      x: x.name,
      highlighted: highlighted.map((id) => this.nameOf(id)).join(', ') || this.say('none'),
    });
  }

  table(): Table {
    const { lanes, x } = this.options;
    const { from, to } = this.zooms.range;
    const rows = lanes.flatMap((lane) =>
      lane.lines.flatMap((line) =>
        line.x.flatMap((at, index) =>
          at >= from && at <= to ? [[line.name, lane.name, at, line.y[index] ?? null, unitWords(lane.unit, this.figure.language)]] : [],
        ),
      ),
    );
    return {
      columns: [
        { name: this.say('batch') },
        { name: this.say('tag') },
        { name: `${x.name} (${x.unit})`, numeric: true },
        { name: this.say('value'), numeric: true },
        { name: this.say('unit') },
      ],
      rows,
    };
  }

  legend(): LegendEntry[] {
    return this.options.highlighted.map((id, place) => ({
      name: this.nameOf(id),
      colour: this.colour(id, place),
      dash: DASHES[place % DASHES.length] ?? [],
    }));
  }

  draw(): void {
    this.rebuild();
    this.legendRow();
  }

  resize(width: number, height: number): void {
    if (this.size.width === width && this.size.height === height) return;
    this.size = { width, height };
    this.rebuild();
    this.legendRow();
  }

  press(key: CursorKey, fast: boolean): string | undefined {
    const { from, to } = this.zooms.range;
    const here = this.cursorAt ?? (from + to) / 2;
    switch (key) {
      case 'in':
        return this.zoom(scaled(this.zooms.range, here, 0.5));
      case 'out':
        return this.zoom(scaled(this.zooms.range, here, 2));
      case 'undo':
        if (!this.zooms.zoomed) return undefined;
        this.apply(this.zooms.undo());
        return this.where();
      case 'brush':
        return this.brushAt(here);
      case 'enter': {
        const batch = this.batches()[this.active];
        if (batch) this.toggle(batch);
        if (batch && this.cursorAt !== null) this.options.onPlace?.(this.cursorAt, batch);
        return this.words(here);
      }
      case 'previous':
      case 'next': {
        const count = this.batches().length;
        this.active = count ? (this.active + (key === 'next' ? 1 : -1) + count) % count : 0;
        return this.words(this.keyTo(here));
      }
      case 'home':
        return this.words(this.keyTo(from));
      case 'end':
        return this.words(this.keyTo(to));
      default: {
        const step = ((to - from) / 100) * (fast ? 10 : 1) * (key === 'right' ? 1 : -1);
        return this.words(this.keyTo(Math.min(to, Math.max(from, here + step))));
      }
    }
  }

  private keyTo(x: number): number {
    this.cursorAt = x;
    this.pointed = this.batches()[this.active];
    for (const plot of this.plots) {
      plot.cursor(x);
      plot.point(this.pointed);
      plot.label(x, this.pointed);
    }
    return x;
  }

  private words(at: number): string {
    const batch = this.batches()[this.active];
    const values = this.options.lanes.map((lane) => {
      const line = lane.lines.find((one) => one.id === batch);
      const value = line && number(onLine(line.x, line.y, at), this.figure.language);
      return value ? `${lane.name} ${measured(value, lane.unit, this.figure.language)}` : '';
    });
    return `${this.say('batch')} ${batch ? this.nameOf(batch) : ''}, ${number(at, this.figure.language)} ${this.options.x.unit}: ${values.join(', ')}`;
  }

  private brushAt(at: number): string {
    if (this.brush === null) {
      this.brush = at;
      return this.say('markStart', { at: number(at, this.figure.language) });
    }
    const range = { from: Math.min(this.brush, at), to: Math.max(this.brush, at) };
    this.brush = null;
    return this.zoom(range);
  }

  private zoom(range: Range): string {
    if (range.to > range.from) this.apply(this.zooms.go(range));
    return this.where();
  }

  private where(): string {
    const { from, to } = this.zooms.range;
    return this.say('zoomed', { from: number(from, this.figure.language), to: number(to, this.figure.language) });
  }

  private apply(range: Range): void {
    for (const plot of this.plots) plot.zoom(range);
    this.undoButton.disabled = !this.zooms.zoomed;
    this.options.onZoom?.(range, this.zooms.zoomed);
  }

  private rebuild(): void {
    if (!this.size.width) return;
    for (const plot of this.plots) plot.destroy();
    this.figure.plot.replaceChildren();
    this.undoButton.disabled = !this.zooms.zoomed;
    const { lanes, bands = [] } = this.options;
    const strip = bands.length ? STRIP_HEIGHT : 0;
    const height = (this.size.height - TIME_AXIS_HEIGHT - strip) / Math.max(1, lanes.length);
    this.plots = lanes.map((lane, at) => {
      const host = document.createElement('div');
      host.className = 'dcp-figure-lane';
      host.style.top = `${at ? at * height + strip : 0}px`;
      this.figure.plot.append(host);
      const last = at === lanes.length - 1;
      return new OverlayPlot(host, {
        lane,
        x: this.options.x,
        range: this.zooms.range,
        theme: this.figure.theme,
        language: this.figure.language,
        xAxis: last,
        syncKey: this.key,
        width: this.size.width,
        height: height + (at ? 0 : strip) + (last ? TIME_AXIS_HEIGHT : 0),
        front: () => this.options.highlighted,
        abnormal: this.options.abnormal ?? new Set(),
        bands,
        strip: at === 0 && strip > 0,
        at: this.options.at,
        selected: (range) => this.zoom(range),
        moved: (x, line) => this.moved(x, line),
      });
    });
  }

  private moved(x: number | null, line: OverlayLine | undefined): void {
    this.cursorAt = x;
    this.pointed = line?.id;
    const named = this.pointed ?? this.options.highlighted[0];
    for (const plot of this.plots) {
      plot.point(this.pointed);
      plot.label(x, named);
    }
  }

  private clicked(event: MouseEvent): void {
    const x = this.placeAt(event.clientX);
    if (!this.pointed || x === null || event.shiftKey) return;
    if (this.options.onPlace) this.options.onPlace(x, this.pointed);
    else this.toggle(this.pointed);
  }

  private toggle(batch: string): void {
    const { highlighted } = this.options;
    const next = highlighted.includes(batch) ? highlighted.filter((id) => id !== batch) : [...highlighted, batch];
    if (!this.options.onHighlight) return;
    this.update({ highlighted: next });
    this.options.onHighlight(next);
  }

  private legendRow(): void {
    const { highlighted, lanes } = this.options;
    const envelope = lanes.find((lane) => lane.envelope && !lane.envelope.limit)?.envelope;
    const { theme } = this.figure;
    const band = envelope ? [entry(swatch(theme.accent, []), envelope.name)] : [];
    const fronts = highlighted.slice(0, 24).map((id, place) => {
      const item = entry(swatch(this.colour(id, place), DASHES[place % DASHES.length] ?? []), this.nameOf(id));
      if (this.options.onHighlight) item.addEventListener('click', () => this.toggle(id));
      return item;
    });
    this.figure.foot.replaceChildren(...band, ...fronts);
  }

  private colour(id: string, place: number): string {
    const alarm = place === 0 && this.options.abnormal?.has(id);
    return alarm ? this.figure.theme.alarm : colourOf(this.figure.theme, place);
  }

  private batches(): string[] {
    return this.options.lanes[0]?.lines.map((line) => line.id) ?? [];
  }

  private nameOf(id: string): string {
    return this.options.lanes[0]?.lines.find((line) => line.id === id)?.name ?? id;
  }

  private placeAt(clientX: number): number | null {
    const plot = this.plots[0]?.plot;
    if (!plot) return null;
    const x = clientX - plot.over.getBoundingClientRect().left;
    return x < 0 || x > plot.over.clientWidth ? null : plot.posToVal(x, 'x');
  }

  private say(key: Parameters<typeof say>[1], values: Record<string, string | number> = {}): string {
    return say(this.figure.language, key, values);
  }
}

function naturalHeight(options: OverlayOptions): number {
  const lane = options.laneHeight ?? (options.lanes.length > 1 ? 170 : 340);
  return Math.max(1, options.lanes.length) * lane + TIME_AXIS_HEIGHT + (options.bands?.length ? STRIP_HEIGHT : 0);
}

function entry(mark: SVGSVGElement, name: string): HTMLElement {
  const item = document.createElement('div');
  item.append(mark, name);
  return item;
}
