// Trends of tags over time: lanes or shared axes, one crosshair, zoom that can be undone, gaps and bad quality in sight.

import { Figure, type CursorKey, type FigureSource } from './figure';
import type { LegendEntry, Table } from './export';
import { moment, number } from './numbers';
import { followPointer, onClickInPlace } from './pointer';
import { DASHES } from './theme';
import { colourOf, Lane, STRIP_HEIGHT, TIME_AXIS_HEIGHT } from './trend-lane';
import { extent, figures, indexAt, valueAt, type TrendOptions, type TrendSeries } from './trend-model';
import { Readout } from './trend-readout';
import { measured, unitWords, withUnit } from './units';
import { say } from './words';
import { scaled, ZoomHistory, type Range } from './zoom';

const LANE_HEIGHT = 112;
let nextKey = 0;

export class TrendChart implements FigureSource {
  readonly figure: Figure;
  private lanes: Lane[] = [];
  private zooms: ZoomHistory;
  private hidden = new Set<string>();
  private cursorAt: number | null = null;
  private mark: number | null = null;
  private active = 0;
  private brush: number | null = null;
  private readonly readout: Readout;
  private readonly undoButton: HTMLButtonElement;
  private readonly resetButton: HTMLButtonElement;
  private readonly key: string;
  private size = { width: 0, height: 0 };

  constructor(
    host: HTMLElement,
    private options: TrendOptions,
  ) {
    this.figure = new Figure(host, { height: this.naturalHeight(options), ...options });
    this.key = options.syncKey ?? `dcp-trend-${nextKey++}`;
    this.zooms = new ZoomHistory(options.range ?? extent(options.series));
    if (options.zoom) this.zooms.go(options.zoom);
    this.undoButton = this.figure.button(this.say('undo'), () => this.apply(this.zooms.undo(), true));
    this.resetButton = this.figure.button(this.say('reset'), () => this.reset());
    this.figure.tools.prepend(this.undoButton, this.resetButton);
    this.readout = new Readout(this.figure.foot, (id) => this.toggle(id));
    followPointer(this.figure.plot, {
      range: () => this.zooms.range,
      width: () => this.lanes[0]?.plot.over.clientWidth ?? 1,
      valueAt: (x) => this.timeAt(x),
      slide: (range) => this.apply(this.zooms.slide(range), true),
    });
    onClickInPlace(this.figure.plot, (event) => this.clicked(event));
    this.figure.connect(this);
  }

  /** Other tags, other range or newer values; the reader's zoom stays. */
  update(options: Partial<TrendOptions>): void {
    const before = this.options;
    this.options = { ...before, ...options };
    if (options.range || options.series) this.zooms.extend(this.options.range ?? extent(this.options.series));
    if ('zoom' in options) this.zooms.follow(options.zoom);
    if (this.options.height === undefined) this.figure.height(this.naturalHeight(this.options));
    this.rebuild();
    this.figure.refresh();
  }

  /** Shows a part of the range; it can be undone. */
  zoom(range: Range): void {
    this.apply(this.zooms.go(range), true);
  }

  reset(): void {
    this.apply(this.zooms.reset(), true);
  }

  destroy(): void {
    for (const lane of this.lanes) lane.destroy();
    this.figure.destroy();
  }

  summary(): string {
    const { series, timeZone } = this.options;
    const { from, to } = this.zooms.range;
    const ranges = series.slice(0, 8).map((one) => {
      const { min, max } = figures(one, this.zooms.range);
      return this.say('rangeOf', {
        name: one.name,
        min: number(min, this.figure.language),
        max: number(max, this.figure.language),
        unit: unitWords(one.unit, this.figure.language),
      });
    });
    const names = series.map((one) => one.name).join(', ') || this.say('none');
    return [this.say('trendSummary', { names, from: moment(from, timeZone), to: `${moment(to, timeZone)} ${timeZone}` }), ...ranges].join(
      ' ',
    );
  }

  table(): Table {
    const { series, timeZone } = this.options;
    const { from, to } = this.zooms.range;
    const times = [...new Set(series.flatMap((one) => one.times.filter((time) => time >= from && time <= to)))].sort((a, b) => a - b);
    return {
      columns: [
        { name: `${this.say('time')} (${timeZone})` },
        { name: 'UTC' },
        ...series.map((one) => ({ name: withUnit(one.name, one.unit, this.figure.language), numeric: true })),
      ],
      rows: times.map((time) => [
        moment(time, timeZone),
        new Date(time).toISOString(),
        ...series.map((one) => {
          const at = indexAt(one.times, time);
          return one.times[at] === time ? (one.values[at] ?? null) : null;
        }),
      ]),
    };
  }

  legend(): LegendEntry[] {
    return this.options.series.map((one, place) => ({
      name: withUnit(one.name, one.unit, this.figure.language),
      colour: colourOf(this.figure.theme, place),
      dash: this.shared ? (DASHES[place % DASHES.length] ?? []) : [],
    }));
  }

  draw(): void {
    this.rebuild();
  }

  resize(width: number, height: number): void {
    if (this.size.width === width && this.size.height === height) return;
    this.size = { width, height };
    this.rebuild();
  }

  press(key: CursorKey, fast: boolean): string | undefined {
    const { from, to } = this.zooms.range;
    const middle = this.cursorAt ?? (from + to) / 2;
    switch (key) {
      case 'in':
        return this.zoomWords(scaled(this.zooms.range, middle, 0.5));
      case 'out':
        return this.zoomWords(scaled(this.zooms.range, middle, 2));
      case 'undo':
        if (!this.zooms.zoomed) return undefined;
        this.apply(this.zooms.undo(), true);
        return this.where();
      case 'brush':
        return this.brushAt(middle);
      case 'enter':
        this.mark = this.mark === middle ? null : middle;
        this.showValues();
        return this.words(middle);
      case 'previous':
      case 'next':
        this.active = wrap(this.active + (key === 'next' ? 1 : -1), this.options.series.length);
        return this.words(this.moveTo(middle));
      default:
        return this.words(this.moveTo(this.step(key, middle, fast)));
    }
  }

  private step(key: CursorKey, at: number, fast: boolean): number {
    const { from, to } = this.zooms.range;
    if (key === 'home') return from;
    if (key === 'end') return to;
    const times = this.options.series[this.active]?.times ?? [];
    const by = (fast ? 10 : 1) * (key === 'right' ? 1 : -1);
    const here = this.cursorAt === null ? indexAt(times, at) : indexAt(times, at) + by;
    return Math.min(to, Math.max(from, times[Math.min(times.length - 1, Math.max(0, here))] ?? at));
  }

  private moveTo(at: number): number {
    this.cursorAt = at;
    for (const lane of this.lanes) lane.cursor(at);
    this.showValues();
    return at;
  }

  private words(at: number): string {
    const series = this.options.series[this.active];
    if (!series) return '';
    const value = measured(number(valueAt(series, at), this.figure.language), series.unit, this.figure.language);
    return `${series.name} ${value}, ${moment(at, this.options.timeZone)}`;
  }

  private brushAt(at: number): string {
    if (this.brush === null) {
      this.brush = at;
      return this.say('markStart', { at: moment(at, this.options.timeZone) });
    }
    const range = { from: Math.min(this.brush, at), to: Math.max(this.brush, at) };
    this.brush = null;
    return this.zoomWords(range);
  }

  private zoomWords(range: Range): string {
    if (range.to > range.from) this.zoom(range);
    return this.where();
  }

  private where(): string {
    const { from, to } = this.zooms.range;
    return this.say('zoomed', { from: moment(from, this.options.timeZone), to: moment(to, this.options.timeZone) });
  }

  private apply(range: Range, tell: boolean): void {
    for (const lane of this.lanes) lane.zoom(range);
    this.afterZoom();
    this.figure.refresh();
    if (tell) this.options.onZoom?.(range, this.zooms.zoomed);
  }

  private rebuild(): void {
    if (!this.size.width) return;
    for (const lane of this.lanes) lane.destroy();
    this.lanes = [];
    this.figure.plot.replaceChildren();
    const groups = this.groups();
    if (groups.length === 0) this.emptyNote();
    const strip = this.options.bands?.length ? STRIP_HEIGHT : 0;
    const height = (this.size.height - TIME_AXIS_HEIGHT - strip) / Math.max(1, groups.length);
    groups.forEach((series, at) =>
      this.lanes.push(
        this.lane(series, at ? { top: at * height + strip, height } : { top: 0, height: height + strip }, at === groups.length - 1),
      ),
    );
    this.afterZoom();
  }

  private lane(series: readonly TrendSeries[], { top, height }: { top: number; height: number }, last: boolean): Lane {
    const host = document.createElement('div');
    host.className = 'dcp-figure-lane';
    host.style.top = `${top}px`;
    this.figure.plot.append(host);
    const { timeZone, bands, now } = this.options;
    return new Lane(host, {
      series,
      timeZone,
      now,
      bands: bands ?? [],
      hidden: this.hidden,
      range: this.zooms.range,
      theme: this.figure.theme,
      language: this.figure.language,
      first: this.shared ? 0 : this.options.series.indexOf(series[0] as TrendSeries),
      syncKey: this.key,
      timeAxis: last,
      strip: top === 0 && !!bands?.length,
      width: this.size.width,
      height: height + (last ? TIME_AXIS_HEIGHT : 0),
      selected: (range) => this.zoom(range),
      moved: (time) => this.hover(time),
    });
  }

  private groups(): TrendSeries[][] {
    const shown = this.options.series.filter((one) => !this.hidden.has(one.id));
    if (shown.length === 0) return [];
    return this.shared ? [[...this.options.series]] : shown.map((one) => [one]);
  }

  private get shared(): boolean {
    return this.options.layout === 'shared';
  }

  private naturalHeight(options: TrendOptions): number {
    return options.layout === 'shared' ? 380 : Math.max(1, options.series.length) * LANE_HEIGHT + TIME_AXIS_HEIGHT + STRIP_HEIGHT;
  }

  private emptyNote(): void {
    const note = document.createElement('p');
    note.className = 'dcp-figure-empty';
    note.textContent = this.say('empty');
    this.figure.plot.append(note);
  }

  private afterZoom(): void {
    this.undoButton.disabled = this.resetButton.disabled = !this.zooms.zoomed;
    this.readout.show({
      series: this.options.series,
      hidden: this.hidden,
      range: this.zooms.range,
      timeZone: this.options.timeZone,
      theme: this.figure.theme,
      language: this.figure.language,
      dashed: this.shared,
    });
    this.showValues();
  }

  private hover(at: number | null): void {
    this.cursorAt = at;
    this.showValues();
  }

  private showValues(): void {
    this.readout.move(this.cursorAt, this.mark, this.options.series[this.active]?.id);
  }

  private toggle(id: string): void {
    if (!this.hidden.delete(id)) this.hidden.add(id);
    this.rebuild();
  }

  private clicked(event: MouseEvent): void {
    if (event.shiftKey || !(event.target instanceof Element) || !event.target.closest('.u-over')) return;
    this.mark = this.timeAt(event.clientX);
    this.showValues();
  }

  private timeAt(clientX: number): number | null {
    const plot = this.lanes[0]?.plot;
    if (!plot) return null;
    const x = clientX - plot.over.getBoundingClientRect().left;
    return x < 0 || x > plot.over.clientWidth ? null : plot.posToVal(x, 'x');
  }

  private say(key: Parameters<typeof say>[1], values: Record<string, string | number> = {}): string {
    return say(this.figure.language, key, values);
  }
}

function wrap(at: number, count: number): number {
  return count ? (at + count) % count : 0;
}
