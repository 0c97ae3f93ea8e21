// Scores of a latent-variable model: one point per batch (or observation), the Hotelling ellipse, selection by rectangle, lasso, click and keyboard.

import { DrawnChart, groupLook, symbolEntry, tip, tooltipLook, type Group, type Option } from './drawn';
import type { EChartsType } from './engine';
import type { LegendEntry, Table } from './export';
import type { CursorKey, FigureOptions } from './figure';
import { number } from './numbers';
import { swatch } from './trend-readout';
import { DASHES, type Theme } from './theme';
import { colourOf } from './trend-lane';

export interface ScorePoint {
  /** The batch; several points of a batch are its course. */
  id: string;
  name: string;
  x: number;
  y: number;
  group: Group;
  detail?: string;
}

export interface Ellipse {
  name: string;
  /** Its corners in order, in values of the axes. */
  outline: readonly (readonly [number, number])[];
}

export interface ScoreOptions extends FigureOptions {
  points: readonly ScorePoint[];
  /** Two names, such as t1 (38 %) and t2 (21 %). */
  axes: readonly [string, string];
  ellipses: readonly Ellipse[];
  selected: readonly string[];
  /** Draws all points of a selected batch as a line in their order. */
  courses?: boolean;
  onSelect?: (batches: string[]) => void;
  onOpen?: (batch: string) => void;
}

const NAMED_AT_MOST = 24;

export class ScoreChart extends DrawnChart<ScoreOptions> {
  private active = -1;
  // Set by prepare(), which the base constructor calls.
  declare private clearButton: HTMLButtonElement | undefined;

  constructor(host: HTMLElement, options: ScoreOptions) {
    super(host, { height: 420, ...options });
  }

  protected override prepare(): void {
    const buttons = [
      this.figure.button(this.say('rectangle'), () => this.brush('rect')),
      this.figure.button(this.say('lasso'), () => this.brush('polygon')),
    ];
    this.clearButton = this.figure.button(this.say('clear'), () => this.choose([]));
    this.figure.tools.prepend(...buttons, this.clearButton);
  }

  protected ready(engine: EChartsType): void {
    engine.on('click', (event) => this.open(this.at(event)));
    engine.on('brushEnd', (event) => this.brushed(event as { areas?: Area[] }));
  }

  summary(): string {
    const { points, ellipses } = this.options;
    const [first] = ellipses;
    const outside = first ? points.filter((point) => !inside(point, first.outline)).length : 0;
    const abnormal = [...new Set(points.filter((point) => point.group === 'abnormal').map((point) => point.name))];
    return this.say('scoreSummary', {
      count: points.length,
      outside,
      ellipse: first?.name ?? '',
      abnormal: abnormal.join(', ') || this.say('none'),
    });
  }

  table(): Table {
    const { points, axes } = this.options;
    return {
      columns: [
        { name: this.say('batch') },
        { name: axes[0], numeric: true },
        { name: axes[1], numeric: true },
        { name: this.say('reference') },
      ],
      rows: points.map((point) => [point.name, point.x, point.y, this.say(point.group)]),
    };
  }

  legend(): LegendEntry[] {
    return (['reference', 'other', 'abnormal'] as const).map((group) => ({
      name: this.say(group),
      colour: groupLook(group, this.figure.theme).color,
    }));
  }

  press(key: CursorKey, fast: boolean): string | undefined {
    const { points, selected } = this.options;
    const count = points.length;
    if (count === 0) return undefined;
    if (key === 'undo') {
      if (selected.length === 0) return undefined;
      this.choose([]);
      return this.say('selectedNone');
    }
    if (key === 'enter') {
      this.open(points[this.active]);
      return this.words();
    }
    if (key === 'brush') {
      const id = points[this.active]?.id;
      if (id) this.choose(selected.includes(id) ? selected.filter((one) => one !== id) : [...selected, id]);
      return this.selectionWords();
    }
    const step = (fast ? 10 : 1) * (key === 'left' || key === 'previous' ? -1 : 1);
    this.active = key === 'home' ? 0 : key === 'end' ? count - 1 : (this.active + step + count) % count;
    this.pointAt(this.active);
    return this.words();
  }

  protected picture(theme: Theme): Option {
    const { axes, ellipses, points, selected, courses } = this.options;
    const many = points.length > 400;
    const corners = ellipses.flatMap((one) => one.outline);
    const wide = reach([...corners.map(([x]) => x), ...points.map((point) => point.x)]);
    const high = reach([...corners.map(([, y]) => y), ...points.map((point) => point.y)]);
    const axis = (name: string, [min, max]: readonly [number, number], gap: number): Option => ({
      type: 'value',
      name,
      nameLocation: 'middle',
      nameGap: gap,
      min,
      max,
      ...this.axisLook(theme),
      axisLine: { onZero: true, lineStyle: { color: theme.muted } },
      axisLabel: { color: theme.muted, fontSize: 11, formatter: (value: number) => number(value, this.figure.language, 3) },
    });
    const chosen = new Set(selected);
    return {
      animation: false,
      textStyle: { fontFamily: theme.font },
      grid: { left: 58, right: 18, top: 12, bottom: 46 },
      xAxis: axis(axes[0], wide, 26),
      yAxis: axis(axes[1], high, 42),
      tooltip: { ...tooltipLook(theme), formatter: (event: { seriesName: string; dataIndex: number }) => this.tip(event) },
      brush: {
        toolbox: [],
        brushMode: 'single',
        transformable: false,
        throttleType: 'debounce',
        throttleDelay: 80,
        xAxisIndex: 0,
        yAxisIndex: 0,
        brushStyle: { color: `${theme.accent}22`, borderColor: theme.accent },
        outOfBrush: { colorAlpha: 1 },
      },
      toolbox: { show: false },
      dataZoom: [
        { type: 'inside', xAxisIndex: 0, zoomOnMouseWheel: 'ctrl', moveOnMouseMove: 'shift' },
        { type: 'inside', yAxisIndex: 0, zoomOnMouseWheel: 'ctrl', moveOnMouseMove: 'shift' },
      ],
      series: [
        ...ellipses.map((ellipse, at) => this.ellipseLine(ellipse, theme, at)),
        ...(courses ? selected.map((id, place) => this.course(id, place, theme)) : []),
        ...(['other', 'reference', 'abnormal'] as const).map((group) => this.cloud(group, theme, chosen, many)),
      ],
    };
  }

  protected override foot(): void {
    const { points, ellipses, selected } = this.options;
    const { theme } = this.figure;
    const groups = (['reference', 'other', 'abnormal'] as const).filter((group) => points.some((point) => point.group === group));
    const lines = ellipses.map((one, at) => {
      const item = document.createElement('div');
      item.append(swatch(theme.muted, at ? [] : [5, 3]), one.name);
      return item;
    });
    const chosen = document.createElement('span');
    chosen.textContent = selected.length ? this.selectionWords() : '';
    this.figure.foot.replaceChildren(...groups.map((group) => symbolEntry(group, theme, this.say(group))), ...lines, chosen);
    if (this.clearButton) this.clearButton.disabled = selected.length === 0;
  }

  private cloud(group: Group, theme: Theme, chosen: ReadonlySet<string>, many: boolean): Option {
    const look = groupLook(group, theme);
    const own = this.indexed().filter(({ point }) => point.group === group);
    const named = !many && (group === 'abnormal' || own.length <= NAMED_AT_MOST);
    const rightmost = Math.max(...this.options.points.map(({ x }) => x));
    return {
      type: 'scatter',
      name: group,
      symbol: look.symbol,
      symbolSize: many ? Math.max(3, look.size - 5) : look.size,
      z: group === 'abnormal' ? 5 : 3,
      itemStyle: { color: look.color, opacity: many ? 0.45 : 0.9, borderColor: theme.surface, borderWidth: many ? 0 : 1 },
      emphasis: { scale: 1.5, itemStyle: { borderColor: theme.text, borderWidth: 2, opacity: 1 } },
      labelLayout: { hideOverlap: true },
      data: own.map(({ point, index }) => ({
        value: [point.x, point.y, index],
        ...(chosen.has(point.id) && !many ? { itemStyle: { borderColor: theme.text, borderWidth: 2 }, symbolSize: look.size + 4 } : {}),
        label: {
          show: named || (chosen.has(point.id) && !many),
          formatter: point.name,
          // A name on the right of the last points would leave the plot.
          position: point.x > 0.7 * rightmost ? 'left' : 'right',
          distance: 3,
          color: theme.text,
          fontSize: 11,
        },
      })),
    };
  }

  private course(id: string, place: number, theme: Theme): Option {
    const own = this.options.points.filter((point) => point.id === id);
    const alarm = own.some((point) => point.group === 'abnormal') && place === 0;
    return {
      type: 'line',
      name: `course-${id}`,
      showSymbol: false,
      silent: true,
      z: 6,
      data: own.map((point) => [point.x, point.y]),
      lineStyle: { color: alarm ? theme.alarm : colourOf(theme, place), width: 2, type: [...(DASHES[place % DASHES.length] ?? [])] },
      endLabel: { show: true, formatter: own[0]?.name ?? id, color: theme.text, fontSize: 11 },
    };
  }

  private ellipseLine(ellipse: Ellipse, theme: Theme, at: number): Option {
    return {
      type: 'line',
      name: ellipse.name,
      data: ellipse.outline,
      showSymbol: false,
      silent: true,
      z: 2,
      lineStyle: { color: theme.muted, width: 1, type: at ? 'solid' : [5, 3] },
    };
  }

  private tip(event: { seriesName: string; dataIndex: number }): HTMLElement | string {
    const point = this.at(event);
    if (!point) return '';
    const { language } = this.figure;
    return tip(`${this.say('batch')} ${point.name}`, [
      `${this.options.axes[0]}: ${number(point.x, language)}`,
      `${this.options.axes[1]}: ${number(point.y, language)}`,
      this.say(point.group),
      point.detail ?? '',
    ]);
  }

  private indexed(): { point: ScorePoint; index: number }[] {
    return this.options.points.map((point, index) => ({ point, index }));
  }

  /** The point behind an event of the engine. */
  private at(event: { seriesName?: string; dataIndex: number }): ScorePoint | undefined {
    return this.options.points.filter((point) => point.group === event.seriesName)[event.dataIndex];
  }

  private pointAt(index: number): void {
    const point = this.options.points[index];
    if (!point || !this.engine) return;
    const dataIndex = this.options.points.slice(0, index).filter((one) => one.group === point.group).length;
    this.engine.dispatchAction({ type: 'downplay' });
    this.engine.dispatchAction({ type: 'highlight', seriesName: point.group, dataIndex });
    this.engine.dispatchAction({ type: 'showTip', seriesIndex: this.seriesIndex(point.group), dataIndex });
  }

  private seriesIndex(group: Group): number {
    const { ellipses, selected, courses } = this.options;
    return ellipses.length + (courses ? selected.length : 0) + ['other', 'reference', 'abnormal'].indexOf(group);
  }

  private words(): string {
    const point = this.options.points[this.active];
    if (!point) return '';
    const { language } = this.figure;
    const place = this.say('of', { index: this.active + 1, count: this.options.points.length });
    return `${this.say('batch')} ${point.name}, ${this.say(point.group)}, ${this.options.axes[0]} ${number(point.x, language)}, ${this.options.axes[1]} ${number(point.y, language)}, ${place}`;
  }

  private selectionWords(): string {
    const { selected, points } = this.options;
    const names = selected.slice(0, 12).map((id) => points.find((point) => point.id === id)?.name ?? id);
    return selected.length ? this.say('selected', { count: selected.length, names: names.join(', ') }) : this.say('selectedNone');
  }

  private open(point: ScorePoint | undefined): void {
    if (point) this.options.onOpen?.(point.id);
  }

  private brush(kind: 'rect' | 'polygon'): void {
    this.engine?.dispatchAction({ type: 'takeGlobalCursor', key: 'brush', brushOption: { brushType: kind, brushMode: 'single' } });
  }

  private brushed(event: { areas?: Area[] }): void {
    const area = event.areas?.[0];
    if (!area) return;
    const inside = this.options.points.filter((point) => within(point, area));
    this.engine?.dispatchAction({ type: 'brush', areas: [] });
    this.engine?.dispatchAction({ type: 'takeGlobalCursor', key: 'brush', brushOption: { brushType: false } });
    this.choose([...new Set(inside.map((point) => point.id))]);
  }

  private choose(batches: string[]): void {
    this.update({ selected: batches });
    this.figure.announce(this.selectionWords());
    this.options.onSelect?.(batches);
  }
}

interface Area {
  brushType: string;
  /** In values of the axes: two ranges of a rectangle, or the corners of a lasso. */
  coordRange?: [number, number][];
}

function within(point: ScorePoint, area: Area): boolean {
  const corners = area.coordRange ?? [];
  if (area.brushType === 'rect') {
    const [x, y] = corners;
    return !!x && !!y && point.x >= x[0] && point.x <= x[1] && point.y >= y[0] && point.y <= y[1];
  }
  return inside(point, corners);
}

function inside(point: ScorePoint, corners: readonly (readonly [number, number])[]): boolean {
  let odd = false;
  corners.forEach(([x, y], at) => {
    const [px, py] = corners[(at + corners.length - 1) % corners.length] ?? [0, 0];
    if (y > point.y !== py > point.y && point.x < ((px - x) * (point.y - y)) / (py - y) + x) odd = !odd;
  });
  return odd;
}

/** Both ends of an axis, symmetric around zero when the values are; a little beyond the outermost, on round numbers. */
function reach(values: readonly number[]): [number, number] {
  let [low, high] = [0, 0];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const unit = 10 ** Math.floor(Math.log10(Math.max(high - low, 1e-9))) / 2;
  return [Math.floor((low * 1.05) / unit) * unit, Math.ceil((high * 1.05) / unit) * unit];
}
