// Contributions: signed bars, the largest first; each bar leads to the variable behind it.

import { DrawnChart, tip, tooltipLook, type Option } from './drawn';
import type { EChartsType } from './engine';
import type { LegendEntry, Table } from './export';
import type { CursorKey, FigureOptions } from './figure';
import { number } from './numbers';
import type { Theme } from './theme';

export interface Bar {
  id: string;
  name: string;
  value: number;
  /** A second line in the tooltip, such as the value and what was expected. */
  detail?: string;
}

export interface BarOptions extends FigureOptions {
  bars: readonly Bar[];
  axis: string;
  selected?: string;
  /** The bars explain a broken limit: the largest wears its colour. */
  alarm?: boolean;
  onOpen?: (id: string) => void;
}

const ROW = 26;

export class BarList extends DrawnChart<BarOptions> {
  private active = -1;

  constructor(host: HTMLElement, options: BarOptions) {
    super(host, { height: heightFor(options), ...options });
  }

  override update(options: Partial<BarOptions>): void {
    super.update(options.bars ? { height: heightFor({ ...this.options, ...options }), ...options } : options);
  }

  protected ready(engine: EChartsType): void {
    engine.getZr().on('click', (event) => {
      const at = engine.convertFromPixel({ yAxisIndex: 0 }, event.offsetY);
      const bar = this.sorted()[at];
      if (bar) this.options.onOpen?.(bar.id);
    });
    engine.getZr().on('mousemove', () => engine.getZr().setCursorStyle(this.options.onOpen ? 'pointer' : 'default'));
  }

  summary(): string {
    const { language } = this.figure;
    const largest = this.sorted()
      .slice(0, 3)
      .map((bar) => `${bar.name} ${number(bar.value, language)}`);
    return this.say('barSummary', { largest: largest.join(', ') });
  }

  table(): Table {
    return {
      columns: [{ name: this.say('tag') }, { name: this.options.axis, numeric: true }, { name: '' }],
      rows: this.sorted().map((bar) => [bar.name, bar.value, bar.detail ?? '']),
    };
  }

  legend(): LegendEntry[] {
    return [];
  }

  press(key: CursorKey, fast: boolean): string | undefined {
    const bars = this.sorted();
    if (bars.length === 0 || key === 'undo' || key === 'brush' || key === 'in' || key === 'out') return undefined;
    if (key === 'enter') {
      const bar = bars[Math.max(0, this.active)];
      if (bar) this.options.onOpen?.(bar.id);
    } else {
      const step = (fast ? 10 : 1) * (key === 'left' || key === 'previous' ? -1 : 1);
      this.active = key === 'home' ? 0 : key === 'end' ? bars.length - 1 : Math.min(bars.length - 1, Math.max(0, this.active + step));
      this.engine?.dispatchAction({ type: 'downplay', seriesIndex: 0 });
      this.engine?.dispatchAction({ type: 'highlight', seriesIndex: 0, dataIndex: this.active });
      this.engine?.dispatchAction({ type: 'showTip', seriesIndex: 0, dataIndex: this.active });
    }
    const bar = bars[Math.max(0, this.active)];
    if (!bar) return undefined;
    return `${bar.name}, ${this.options.axis} ${number(bar.value, this.figure.language)}, ${bar.detail ?? ''} ${this.say('of', { index: Math.max(0, this.active) + 1, count: bars.length })}`;
  }

  protected picture(theme: Theme): Option {
    const bars = this.sorted();
    const { language } = this.figure;
    const oneSided = bars.every((bar) => bar.value >= 0);
    // room for the number beside the longest bar, on either side
    const reach = Math.max(...bars.map((bar) => Math.abs(bar.value)), 1e-12) * (oneSided ? 1.2 : 1.5);
    const wide = Math.min(220, Math.max(60, ...bars.map((bar) => bar.name.length * 6.6)) + 12);
    return {
      animation: false,
      textStyle: { fontFamily: theme.font },
      grid: { left: wide, right: 16, top: 6, bottom: 40 },
      xAxis: {
        type: 'value',
        name: this.options.axis,
        nameLocation: 'middle',
        nameGap: 24,
        min: oneSided ? 0 : -reach,
        max: reach,
        ...this.axisLook(theme),
        axisLabel: {
          color: theme.muted,
          fontSize: 11,
          showMinLabel: false,
          showMaxLabel: false,
          formatter: (value: number) => number(value, language, 3),
        },
      },
      yAxis: {
        type: 'category',
        inverse: true,
        data: bars.map((bar) => bar.name),
        ...this.axisLook(theme),
        splitLine: { show: false },
        axisTick: { show: false },
        axisLine: { show: false },
        axisLabel: { color: theme.text, fontSize: 12, width: wide - 14, overflow: 'truncate' },
      },
      tooltip: { ...tooltipLook(theme), formatter: (event: { dataIndex: number }) => this.tip(bars[event.dataIndex]) },
      series: [
        {
          type: 'bar',
          barWidth: 14,
          data: bars.map((bar, at) => ({
            value: bar.value,
            itemStyle: {
              color: at === 0 && this.options.alarm ? theme.alarm : theme.accent,
              opacity: at === 0 || bar.id === this.options.selected ? 1 : 0.75,
              borderColor: bar.id === this.options.selected ? theme.text : 'transparent',
              borderWidth: 1.5,
            },
            label: {
              show: true,
              position: bar.value < 0 ? 'left' : 'right',
              formatter: number(bar.value, language, 3),
              color: theme.text,
              fontSize: 11,
            },
          })),
          emphasis: { itemStyle: { borderColor: theme.text, borderWidth: 1.5, opacity: 1 } },
        },
      ],
    };
  }

  private tip(bar: Bar | undefined): HTMLElement | string {
    return bar ? tip(bar.name, [`${this.options.axis}: ${number(bar.value, this.figure.language)}`, bar.detail ?? '']) : '';
  }

  private sorted(): Bar[] {
    return [...this.options.bars].sort((a, b) => Math.abs(b.value) - Math.abs(a.value));
  }
}

function heightFor(options: BarOptions): number {
  return Math.max(3, options.bars.length) * ROW + 46;
}
