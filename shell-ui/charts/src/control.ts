// Statistics in order of the batches (T2, SPE, individuals) against named limits; what breaks a limit has another symbol, colour and its name.

import { DrawnChart, groupLook, symbolEntry, tip, tooltipLook, type Group, type Option } from './drawn';
import type { EChartsType } from './engine';
import type { LegendEntry, Table } from './export';
import type { CursorKey, FigureOptions } from './figure';
import { number } from './numbers';
import type { Theme } from './theme';

export interface ControlPoint {
  id: string;
  name: string;
  value: number | null;
  group: Group;
  /** Written at the point, such as the numbers of broken rules. */
  note?: string;
  detail?: string;
}

export interface ControlLimit {
  name: string;
  value: number;
  /** Where the number comes from; shown on demand and in the table. */
  formula?: string;
  /** The centre line is no limit. */
  centre?: boolean;
}

export interface ControlOptions extends FigureOptions {
  points: readonly ControlPoint[];
  limits: readonly ControlLimit[];
  axes: readonly [string, string];
  selected?: readonly string[];
  /** Joins the points, for values with an order in time. */
  joined?: boolean;
  logarithmic?: boolean;
  /** What the groups are called here; without it reference, other and abnormal. */
  groupNames?: Partial<Record<Group, string>>;
  onOpen?: (id: string) => void;
}

export class ControlChart extends DrawnChart<ControlOptions> {
  private active = -1;

  constructor(host: HTMLElement, options: ControlOptions) {
    super(host, { height: 240, ...options });
  }

  protected ready(engine: EChartsType): void {
    engine.on('click', (event) => {
      const point = this.options.points[event.dataIndex];
      if (point && event.componentType === 'series') this.options.onOpen?.(point.id);
    });
  }

  summary(): string {
    const { points, limits } = this.options;
    const values = points.flatMap((point) => (point.value === null ? [] : [point.value]));
    const broken = points.filter((point) => point.group === 'abnormal').map((point) => [point.name, point.note].filter(Boolean).join(' '));
    const { language } = this.figure;
    return this.say('controlSummary', {
      count: values.length,
      min: number(Math.min(...values), language),
      max: number(Math.max(...values), language),
      limits: limits.map((limit) => `${limit.name} ${number(limit.value, language)}`).join(', '),
      broken: broken.join(', ') || this.say('none'),
    });
  }

  table(): Table {
    const { points, axes, limits } = this.options;
    return {
      columns: [
        { name: axes[0] },
        { name: axes[1], numeric: true },
        ...limits.map((limit) => ({ name: limit.name, numeric: true })),
        { name: '' },
      ],
      rows: points.map((point) => [
        point.name,
        point.value,
        ...limits.map((limit) => limit.value),
        [this.named(point.group), point.note ?? ''].filter(Boolean).join(' '),
      ]),
    };
  }

  legend(): LegendEntry[] {
    return this.groups().map((group) => ({ name: this.named(group), colour: groupLook(group, this.figure.theme).color }));
  }

  press(key: CursorKey, fast: boolean): string | undefined {
    const { points } = this.options;
    if (points.length === 0 || key === 'undo' || key === 'in' || key === 'out' || key === 'brush') return undefined;
    if (key === 'enter') {
      const point = points[this.active];
      if (point) this.options.onOpen?.(point.id);
      return this.words();
    }
    const step = (fast ? 10 : 1) * (key === 'left' || key === 'previous' ? -1 : 1);
    this.active = key === 'home' ? 0 : key === 'end' ? points.length - 1 : Math.min(points.length - 1, Math.max(0, this.active + step));
    this.engine?.dispatchAction({ type: 'downplay', seriesIndex: 0 });
    this.engine?.dispatchAction({ type: 'highlight', seriesIndex: 0, dataIndex: this.active });
    this.engine?.dispatchAction({ type: 'showTip', seriesIndex: 0, dataIndex: this.active });
    return this.words();
  }

  protected picture(theme: Theme): Option {
    const { points, axes, limits, logarithmic, joined } = this.options;
    const { language } = this.figure;
    const values = points.flatMap((point) => (point.value === null || (logarithmic && point.value <= 0) ? [] : [point.value]));
    const reach = [...values, ...limits.map((limit) => limit.value)].filter(Number.isFinite);
    const [low, high] = [Math.min(...reach), Math.max(...reach)];
    const base = limits.some((limit) => limit.centre) ? low - (high - low) * 0.12 : 0;
    return {
      animation: false,
      textStyle: { fontFamily: theme.font },
      grid: { left: 62, right: labelRoom(limits.map((limit) => labelOf(limit, number(limit.value, language)))), top: 20, bottom: 44 },
      xAxis: {
        type: 'category',
        data: points.map((point) => point.name),
        name: axes[0],
        nameLocation: 'middle',
        nameGap: 26,
        ...this.axisLook(theme),
        splitLine: { show: false },
        axisTick: { alignWithLabel: true, lineStyle: { color: theme.muted } },
      },
      yAxis: {
        scale: !logarithmic,
        type: logarithmic ? 'log' : 'value',
        name: axes[1],
        nameLocation: 'middle',
        nameGap: 46,
        ...this.axisLook(theme),
        ...(logarithmic ? { min: 10 ** Math.floor(Math.log10(low)) } : { min: base, max: high + (high - base) * 0.1 }),
        axisLabel: {
          color: theme.muted,
          fontSize: 11,
          showMinLabel: logarithmic === true || base === 0,
          showMaxLabel: false,
          formatter: (value: number) => number(value, language),
        },
      },
      tooltip: { ...tooltipLook(theme), formatter: (event: { dataIndex: number }) => this.tip(points[event.dataIndex]) },
      series: [
        {
          type: joined ? 'line' : 'scatter',
          z: 3,
          symbol: (_: unknown, event: { dataIndex: number }) => groupLook(points[event.dataIndex]?.group ?? 'other', theme).symbol,
          symbolSize: (_: unknown, event: { dataIndex: number }) => groupLook(points[event.dataIndex]?.group ?? 'other', theme).size,
          showAllSymbol: true,
          lineStyle: { color: theme.muted, width: 1 },
          emphasis: { scale: 1.5, itemStyle: { borderColor: theme.text, borderWidth: 2 } },
          labelLayout: { hideOverlap: true },
          data: points.map((point, at) => this.mark(point, theme, at > 0.85 * points.length)),
          markLine: {
            silent: true,
            symbol: 'none',
            animation: false,
            data: limits.map((limit) => limitLine(limit, theme, labelOf(limit, number(limit.value, language)), labelSide(limit, limits))),
          },
        },
      ],
    };
  }

  protected override foot(): void {
    const { theme } = this.figure;
    const formulas = this.options.limits
      .filter((limit) => limit.formula)
      .map((limit) => {
        const item = document.createElement('span');
        item.textContent = `${limit.name}: ${limit.formula}`;
        return item;
      });
    this.figure.foot.replaceChildren(...this.groups().map((group) => symbolEntry(group, theme, this.named(group))), ...formulas);
  }

  /** At the end of the chart a name grows to the left, clear of the names of limits. */
  private mark(point: ControlPoint, theme: Theme, atEnd: boolean): Option {
    const look = groupLook(point.group, theme);
    const selected = this.options.selected?.includes(point.id);
    const words = point.note ?? (point.group === 'abnormal' || selected ? point.name : '');
    return {
      value: point.value,
      itemStyle: { color: look.color, borderColor: selected ? theme.text : theme.surface, borderWidth: selected ? 2 : 1 },
      label: {
        show: words !== '',
        formatter: words,
        position: 'top',
        align: atEnd ? 'right' : 'center',
        distance: 4,
        color: theme.text,
        fontSize: 11,
      },
    };
  }

  private tip(point: ControlPoint | undefined): HTMLElement | string {
    if (!point) return '';
    const { language } = this.figure;
    const limits = this.options.limits.map((limit) => `${limit.name}: ${number(limit.value, language)}`);
    return tip(`${this.options.axes[0]} ${point.name}`, [
      `${this.options.axes[1]}: ${number(point.value, language)}`,
      ...limits,
      this.named(point.group),
      point.note ?? '',
      point.detail ?? '',
    ]);
  }

  private words(): string {
    const point = this.options.points[this.active];
    if (!point) return '';
    const place = this.say('of', { index: this.active + 1, count: this.options.points.length });
    return [
      `${this.options.axes[0]} ${point.name}`,
      `${this.options.axes[1]} ${number(point.value, this.figure.language)}`,
      this.named(point.group),
      point.note ?? '',
      place,
    ]
      .filter(Boolean)
      .join(', ');
  }

  private named(group: Group): string {
    return this.options.groupNames?.[group] ?? this.say(group);
  }

  private groups(): Group[] {
    return (['reference', 'other', 'abnormal'] as const).filter((group) => this.options.points.some((point) => point.group === group));
  }
}

function labelOf(limit: ControlLimit, value: string): string {
  return `${limit.name} = ${value}`;
}

/** The margin beside the plot where the labels stand, clear of all points. */
function labelRoom(labels: readonly string[]): number {
  return 18 + 6 * Math.max(0, ...labels.map((label) => label.length));
}

/** Labels of lines that are close stand away from each other: the highest above its line, the lowest below. */
function labelSide({ value }: ControlLimit, limits: readonly ControlLimit[]): 'bottom' | 'middle' | 'top' {
  const values = limits.map((limit) => limit.value);
  if (values.length === 1) return 'middle';
  if (value === Math.max(...values)) return 'bottom';
  return value === Math.min(...values) ? 'top' : 'middle';
}

function limitLine(limit: ControlLimit, theme: Theme, label: string, verticalAlign: 'bottom' | 'middle' | 'top'): Option {
  const colour = limit.centre ? theme.muted : theme.alarm;
  return {
    yAxis: limit.value,
    lineStyle: { color: colour, width: 1.2, type: limit.centre ? 'solid' : [6, 3] },
    label: { formatter: label, position: 'end', verticalAlign, color: colour, fontSize: 11, distance: 4 },
  };
}
