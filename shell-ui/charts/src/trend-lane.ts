// One plot of a trend: a lane with one tag, or all tags on shared axes.

import uPlot from 'uplot';
import { moment, number } from './numbers';
import { DASHES, type Theme } from './theme';
import { nameQuality, paintBands, paintLimits, paintNow, paintQuality } from './trend-paint';
import { valueAt, type TrendBand, type TrendSeries } from './trend-model';
import { measured, withUnit } from './units';
import { say, type Language } from './words';
import type { Range } from './zoom';

export interface LaneSetup {
  series: readonly TrendSeries[];
  /** Place of the first series in the whole chart: colour and dash follow it. */
  first: number;
  hidden: ReadonlySet<string>;
  bands: readonly TrendBand[];
  now: number | undefined;
  timeZone: string;
  range: Range;
  theme: Theme;
  language: Language;
  /** Only the lowest lane carries the time axis. */
  timeAxis: boolean;
  /** Only the uppermost carries the names of the bands, in a strip above the plot. */
  strip: boolean;
  syncKey: string;
  width: number;
  height: number;
  selected: (range: Range) => void;
  moved: (at: number | null) => void;
}

export const AXIS_WIDTH = 66;
export const TIME_AXIS_HEIGHT = 44;
/** Above each lane, where its name stands. */
export const NAME_HEIGHT = 18;
export const STRIP_HEIGHT = 16;

export class Lane {
  readonly plot: uPlot;
  private readonly name = document.createElement('div');

  constructor(
    readonly host: HTMLElement,
    private readonly setup: LaneSetup,
  ) {
    this.name.className = 'dcp-figure-lane-name';
    this.name.setAttribute('aria-hidden', 'true');
    this.name.style.top = setup.strip ? `${STRIP_HEIGHT}px` : '';
    host.append(this.name);
    this.plot = new uPlot(this.options(), joined(setup.series), host);
    this.label(null);
  }

  zoom(range: Range): void {
    this.plot.setScale('x', { min: range.from, max: range.to });
  }

  /** Puts the crosshair at a moment; null takes it away. */
  cursor(at: number | null): void {
    const left = at === null ? -10 : this.plot.valToPos(at, 'x');
    this.plot.setCursor({ left, top: at === null ? -10 : 10 }, false);
    this.label(at);
  }

  /** Writes the values at the cursor beside the name of the tag. */
  label(at: number | null): void {
    if (this.setup.series.length !== 1) return;
    const [series] = this.setup.series;
    if (!series) return;
    const none = !series.bad?.length && series.values.every((one) => one === null) ? ` · ${say(this.setup.language, 'empty')}` : '';
    const value = at === null ? '' : number(valueAt(series, at), this.setup.language);
    const bold = document.createElement('b');
    bold.textContent = series.name;
    bold.style.color = colourOf(this.setup.theme, this.setup.first);
    const unit = document.createElement('span');
    unit.textContent = `${measured(value, series.unit, this.setup.language)}${none}`;
    this.name.replaceChildren(bold, unit);
  }

  destroy(): void {
    this.plot.destroy();
    this.name.remove();
  }

  private options(): uPlot.Options {
    const { setup } = this;
    return {
      width: setup.width,
      height: setup.height,
      ms: 1,
      tzDate: (ms) => uPlot.tzDate(new Date(ms), setup.timeZone),
      padding: [NAME_HEIGHT + (setup.strip ? STRIP_HEIGHT : 0), 12, 0, 0],
      legend: { show: false },
      cursor: {
        drag: { x: true, y: false, setScale: false },
        points: { size: 7 },
        sync: { key: setup.syncKey, scales: ['x', null], setSeries: false },
        bind: { mousedown: (_, __, handler) => (event) => (event.shiftKey || event.button !== 0 ? null : handler(event)) },
      },
      scales: { x: { time: true, min: setup.range.from, max: setup.range.to }, ...this.valueScales() },
      axes: this.axes(),
      series: [{}, ...setup.series.map((series, at) => this.line(series, at))],
      hooks: {
        drawClear: [(plot) => this.under(plot)],
        draw: [(plot) => this.over(plot)],
        setSelect: [(plot) => this.select(plot)],
        setCursor: [(plot) => this.move(plot)],
      },
    };
  }

  private valueScales(): uPlot.Scales {
    const scales: uPlot.Scales = {};
    for (const series of this.setup.series) {
      scales[unitKey(series)] = { range: (_, min, max) => roomy(min, max, series.limits?.map((limit) => limit.value) ?? []) };
    }
    return scales;
  }

  private axes(): uPlot.Axis[] {
    const { theme, series, timeAxis, timeZone } = this.setup;
    const look = {
      stroke: theme.muted,
      font: `11px ${theme.font}`,
      ticks: { stroke: theme.grid, size: 4 },
      grid: { stroke: theme.grid, width: 1 },
    };
    const time: uPlot.Axis = {
      ...look,
      values: timeTicks(timeZone),
      space: 90,
      labelFont: `11px ${theme.font}`,
      labelSize: 16,
      label: timeZone,
      size: TIME_AXIS_HEIGHT - 18,
    };
    const units = [...new Map(series.map((one) => [unitKey(one), one])).values()];
    const values = units.map((one, at): uPlot.Axis => ({
      ...look,
      scale: unitKey(one),
      // uPlot's numbers for right and left
      // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- uPlot's enum exists only for the compiler
      side: at % 2 ? 1 : 3,
      size: AXIS_WIDTH,
      grid: at === 0 ? look.grid : { show: false },
      space: 20,
      ...(units.length > 1 || series.length > 1
        ? {
            label: one.unit || withUnit(one.name, one.unit, this.setup.language),
            labelSize: 14,
            labelFont: `11px ${theme.font}`,
            labelGap: 0,
            size: 50,
          }
        : {}),
      values: (_, ticks) => ticks.map((tick) => number(tick, this.setup.language, 5)),
    }));
    return [timeAxis ? time : { ...time, label: '', size: 0, values: () => [], ticks: { show: false } }, ...values];
  }

  private line(series: TrendSeries, at: number): uPlot.Series {
    const place = this.setup.first + at;
    const stepped = series.step ? uPlot.paths.stepped?.({ align: 1 }) : undefined;
    return {
      label: series.name,
      scale: unitKey(series),
      show: !this.setup.hidden.has(series.id),
      stroke: colourOf(this.setup.theme, place),
      width: 1.5,
      dash: this.setup.series.length > 1 ? [...(DASHES[place % DASHES.length] ?? [])] : [],
      spanGaps: false,
      ...(stepped ? { paths: stepped } : {}),
      points: { show: false },
    };
  }

  private under(plot: uPlot): void {
    paintBands(plot, this.setup.bands, this.setup.theme, this.setup.strip);
    if (this.alone) paintQuality(plot, this.alone.bad ?? [], this.setup.theme);
  }

  /** The series of a lane that has only one. */
  private get alone(): TrendSeries | undefined {
    return this.setup.series.length === 1 ? this.setup.series[0] : undefined;
  }

  private over(plot: uPlot): void {
    if (this.alone) nameQuality(plot, this.alone.bad ?? [], this.setup.theme);
    for (const series of this.setup.series) paintLimits(plot, unitKey(series), series.limits ?? [], this.setup.theme, this.setup.language);
    if (this.setup.now !== undefined) paintNow(plot, this.setup.now, this.setup.theme, this.setup.language, this.setup.timeAxis);
  }

  private select(plot: uPlot): void {
    const { left, width } = plot.select;
    if (width < 4) return;
    const range = { from: plot.posToVal(left, 'x'), to: plot.posToVal(left + width, 'x') };
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.setup.selected(range);
  }

  private move(plot: uPlot): void {
    const { left } = plot.cursor;
    const at = left == null || left < 0 ? null : plot.posToVal(left, 'x');
    this.label(at);
    this.setup.moved(at);
  }
}

export function colourOf(theme: Theme, place: number): string {
  return theme.series[place % theme.series.length] ?? theme.accent;
}

/** Tags of one unit share an axis; tags without a unit keep their own. */
function unitKey(series: TrendSeries): string {
  return series.unit ? `y:${series.unit}` : `y:${series.id}`;
}

/** Series of different times on one time base; what one lacks is undefined, so that its line goes on. */
function joined(series: readonly TrendSeries[]): uPlot.AlignedData {
  const tables = series.map((one): uPlot.AlignedData => [[...one.times], [...one.values]]);
  if (tables.length === 0) return [[]];
  const [only] = tables;
  if (tables.length === 1 && only) return only;
  return uPlot.join(
    tables,
    tables.map(() => [1, 2]),
  );
}

function roomy(min: number | null, max: number | null, limits: readonly number[]): [number, number] {
  const low = Math.min(min ?? Infinity, ...limits);
  const high = Math.max(max ?? -Infinity, ...limits);
  if (!Number.isFinite(low) || !Number.isFinite(high)) return [0, 1];
  const room = (high - low) * 0.08 || Math.abs(high) * 0.1 || 1;
  return [low - room, high + room];
}

/** ISO order: the date where the day changes, otherwise only the time. */
function timeTicks(timeZone: string): uPlot.Axis['values'] {
  return (_, ticks) => {
    const step = (ticks[1] ?? 0) - (ticks[0] ?? 0);
    let day = '';
    return ticks.map((tick) => {
      const [date = '', time = ''] = moment(tick, timeZone).split(' ');
      const first = date !== day;
      day = date;
      if (step >= 86_400_000) return date;
      const clock = step < 60_000 ? time : time.slice(0, 5);
      return first ? `${clock}\n${date}` : clock;
    });
  };
}
