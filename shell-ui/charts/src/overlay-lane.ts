// One tag of an overlay. The muted bundle is drawn once per zoom; what is in front has a canvas of its own, so that pointing is instant.

import uPlot from 'uplot';
import { number } from './numbers';
import { heightOf, onLine, type OverlayLane, type OverlayLine, type Envelope } from './overlay-model';
import { DASHES, withAlpha, type Theme } from './theme';
import { AXIS_WIDTH, colourOf, NAME_HEIGHT, STRIP_HEIGHT, TIME_AXIS_HEIGHT } from './trend-lane';
import type { TrendBand } from './trend-model';
import { paintBands } from './trend-paint';
import { measured } from './units';
import type { Language } from './words';
import type { Range } from './zoom';

// uPlot's numbers for the distribution of a scale; its enum exists only for the compiler.
const LINEAR = 1;
const LOGARITHMIC = 3;

export interface OverlayLaneSetup {
  lane: OverlayLane;
  x: { name: string; unit: string };
  range: Range;
  theme: Theme;
  language: Language;
  xAxis: boolean;
  syncKey: string;
  width: number;
  height: number;
  front(): readonly string[];
  abnormal: ReadonlySet<string>;
  bands: readonly TrendBand[];
  /** Only the uppermost carries the names of the bands, in a strip above the plot. */
  strip: boolean;
  at: number | undefined;
  selected(range: Range): void;
  moved(x: number | null, nearest: OverlayLine | undefined): void;
}

export class OverlayPlot {
  readonly plot: uPlot;
  private readonly name = document.createElement('div');
  private readonly above = document.createElement('canvas');
  private pointed: string | undefined;
  private built = false;

  constructor(
    readonly host: HTMLElement,
    private readonly setup: OverlayLaneSetup,
  ) {
    this.name.className = 'dcp-figure-lane-name';
    this.name.setAttribute('aria-hidden', 'true');
    this.name.style.top = setup.strip ? `${STRIP_HEIGHT}px` : '';
    host.append(this.name);
    const { from, to } = setup.range;
    this.plot = new uPlot(
      this.options(),
      [
        [from, to],
        [null, null],
      ],
      host,
    );
    this.above.className = 'dcp-figure-over';
    this.plot.over.before(this.above);
    this.label();
    this.built = true;
    this.drawFront();
  }

  zoom(range: Range): void {
    this.setup.range = range;
    this.plot.setScale('x', { min: range.from, max: range.to });
  }

  cursor(x: number | null): void {
    this.plot.setCursor({ left: x === null ? -10 : this.plot.valToPos(x, 'x'), top: x === null ? -10 : 10 }, false);
  }

  /** Shows one batch in front while it is pointed at. */
  point(batch: string | undefined): void {
    if (this.pointed === batch) return;
    this.pointed = batch;
    this.drawFront();
  }

  label(at: number | null = null, batch?: string): void {
    const { lane, language, theme } = this.setup;
    const bold = document.createElement('b');
    bold.textContent = lane.name;
    const text = document.createElement('span');
    const line = lane.lines.find((one) => one.id === batch);
    const value = at === null || !line ? '' : `${line.name}: ${number(onLine(line.x, line.y, at), language)}`;
    text.textContent = measured(value, lane.unit, language);
    text.style.color = theme.muted;
    const remark = document.createElement('em');
    remark.textContent = lane.remark ?? '';
    this.name.replaceChildren(bold, text, remark);
  }

  /** The batches in front, each in its colour and dash, and the one pointed at on top. */
  drawFront(): void {
    const { plot, above, setup } = this;
    const ratio = devicePixelRatio;
    const { clientWidth: width, clientHeight: height } = plot.over;
    const { left, top } = plot.over.style;
    Object.assign(above.style, { left, top, width: `${width}px`, height: `${height}px`, inset: 'auto', position: 'absolute' });
    Object.assign(above.style, { left, top });
    above.width = width * ratio;
    above.height = height * ratio;
    const pen = above.getContext('2d');
    if (!pen) return;
    pen.scale(ratio, ratio);
    const front = setup.front();
    front.forEach((id, place) => this.frontLine(pen, id, place));
    if (this.pointed && !front.includes(this.pointed)) this.frontLine(pen, this.pointed, -1);
    if (setup.at !== undefined) this.place(pen, setup.at, height);
  }

  destroy(): void {
    this.plot.destroy();
    this.name.remove();
  }

  private options(): uPlot.Options {
    const { setup } = this;
    const { theme } = setup;
    const look = {
      stroke: theme.muted,
      font: `11px ${theme.font}`,
      ticks: { stroke: theme.grid, size: 4 },
      grid: { stroke: theme.grid, width: 1 },
    };
    const label = setup.x.unit ? `${setup.x.name} (${setup.x.unit})` : setup.x.name;
    const bottom: uPlot.Axis = {
      ...look,
      space: 70,
      size: TIME_AXIS_HEIGHT - 18,
      label,
      labelSize: 16,
      labelFont: `11px ${theme.font}`,
      values: (_, ticks) => ticks.map((tick) => number(tick, setup.language)),
    };
    return {
      width: setup.width,
      height: setup.height,
      padding: [NAME_HEIGHT + (setup.strip ? STRIP_HEIGHT : 0), 12, 0, 0],
      legend: { show: false },
      cursor: {
        drag: { x: true, y: false, setScale: false },
        points: { show: false },
        sync: { key: setup.syncKey, scales: ['x', null], setSeries: false },
        bind: { mousedown: (_, __, handler) => (event) => (event.shiftKey || event.button !== 0 ? null : handler(event)) },
      },
      scales: {
        x: { time: false, min: setup.range.from, max: setup.range.to },
        y: {
          auto: true,
          // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- uPlot's enum exists only for the compiler
          distr: setup.lane.logarithmic ? LOGARITHMIC : LINEAR,
          range: () => heightOf(setup.lane, setup.range),
        },
      },
      axes: [
        setup.xAxis ? bottom : { ...bottom, label: '', size: 0, values: () => [], ticks: { show: false } },
        {
          ...look,
          size: AXIS_WIDTH,
          space: 20,
          values: (_, ticks: (number | null)[]) => ticks.map((tick) => (tick === null ? '' : number(tick, setup.language, 5))),
        },
      ],
      series: [{}, { show: true, points: { show: false } }],
      hooks: {
        drawAxes: [(plot) => this.bundle(plot)],
        draw: [() => this.built && this.drawFront()],
        setSelect: [(plot) => this.select(plot)],
        setCursor: [(plot) => this.move(plot)],
      },
    };
  }

  private bundle(plot: uPlot): void {
    const { ctx: pen, bbox } = plot;
    const { lane, theme, bands, strip } = this.setup;
    paintBands(plot, bands, theme, strip);
    pen.save();
    pen.beginPath();
    pen.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    pen.clip();
    if (lane.envelope) drawEnvelope(plot, lane.envelope, theme);
    const count = lane.lines.length;
    pen.strokeStyle = withAlpha(theme.muted, count > 30 ? 0.28 : 0.4);
    pen.lineWidth = devicePixelRatio;
    for (const line of lane.lines) trace(pen, plot, line, true);
    pen.restore();
  }

  private frontLine(pen: CanvasRenderingContext2D, id: string, place: number): void {
    const { lane, theme, abnormal } = this.setup;
    const line = lane.lines.find((one) => one.id === id);
    if (!line) return;
    pen.strokeStyle = place < 0 ? theme.text : abnormal.has(id) && place === 0 ? theme.alarm : colourOf(theme, place);
    pen.lineWidth = place < 0 ? 1.5 : 2;
    pen.setLineDash(place > 0 ? [...(DASHES[place % DASHES.length] ?? [])] : []);
    trace(pen, this.plot, line, false);
    pen.setLineDash([]);
  }

  private place(pen: CanvasRenderingContext2D, at: number, height: number): void {
    const x = this.plot.valToPos(at, 'x');
    pen.strokeStyle = this.setup.theme.text;
    pen.lineWidth = 1;
    pen.setLineDash([2, 2]);
    pen.beginPath();
    pen.moveTo(x, 0);
    pen.lineTo(x, height);
    pen.stroke();
    pen.setLineDash([]);
  }

  private select(plot: uPlot): void {
    const { left, width } = plot.select;
    if (width < 4) return;
    const range = { from: plot.posToVal(left, 'x'), to: plot.posToVal(left + width, 'x') };
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.setup.selected(range);
  }

  private move(plot: uPlot): void {
    const { left, top } = plot.cursor;
    if (left == null || left < 0) {
      this.setup.moved(null, undefined);
      return;
    }
    const x = plot.posToVal(left, 'x');
    const pointing = plot.over.matches(':hover');
    if (pointing || !document.querySelector('.u-over:hover')) this.setup.moved(x, pointing ? this.nearest(x, top ?? 0) : undefined);
  }

  /** The line within 14 pixels of a point. */
  private nearest(x: number, top: number): OverlayLine | undefined {
    let best: OverlayLine | undefined;
    let distance = 14;
    for (const line of this.setup.lane.lines) {
      const y = onLine(line.x, line.y, x);
      if (y === null) continue;
      const away = Math.abs(this.plot.valToPos(y, 'y') - top);
      if (away < distance) [best, distance] = [line, away];
    }
    return best;
  }
}

function trace(pen: CanvasRenderingContext2D, plot: uPlot, line: OverlayLine, onCanvas: boolean): void {
  pen.beginPath();
  let drawn = false;
  let before = 0;
  line.x.forEach((at, index) => {
    const value = line.y[index];
    // a logarithmic scale has no place for zero
    if (value == null || (value <= 0 && (plot.scales['y']?.distr as number) === LOGARITHMIC)) {
      drawn = false;
      return;
    }
    const x = plot.valToPos(at, 'x', onCanvas);
    const y = plot.valToPos(value, 'y', onCanvas);
    if (drawn && line.step) pen.lineTo(x, before);
    if (drawn) pen.lineTo(x, y);
    else pen.moveTo(x, y);
    before = y;
    drawn = true;
  });
  pen.stroke();
}

function drawEnvelope(plot: uPlot, envelope: Envelope, theme: Theme): void {
  const { ctx: pen } = plot;
  const edge = (values: readonly (number | null)[] | undefined): OverlayLine | undefined =>
    values ? { id: '', name: '', x: envelope.x, y: values } : undefined;
  const [low, mean, high] = [edge(envelope.low), edge(envelope.mean), edge(envelope.high)];
  if (low && high) {
    pen.fillStyle = withAlpha(theme.accent, 0.14);
    pen.beginPath();
    const corner = (value: number | null | undefined, at: number): void => {
      if (value != null) pen.lineTo(plot.valToPos(envelope.x[at] ?? 0, 'x', true), plot.valToPos(value, 'y', true));
    };
    high.y.forEach(corner);
    for (let at = low.y.length - 1; at >= 0; at--) corner(low.y[at], at);
    pen.fill();
  }
  pen.lineWidth = devicePixelRatio * (envelope.limit ? 1.5 : 1);
  pen.strokeStyle = envelope.limit ? theme.alarm : withAlpha(theme.accent, 0.7);
  pen.setLineDash([5 * devicePixelRatio, 3 * devicePixelRatio]);
  for (const line of [low, high]) if (line) trace(pen, plot, line, true);
  pen.setLineDash([]);
  if (envelope.limit && high) nameLimit(plot, high, envelope.name, theme);
  pen.strokeStyle = theme.accent;
  if (mean) trace(pen, plot, mean, true);
}

/** The name of a limit, at the right end of its line. */
function nameLimit(plot: uPlot, limit: OverlayLine, name: string, theme: Theme): void {
  const { ctx: pen, bbox } = plot;
  const right = plot.posToVal(plot.over.clientWidth, 'x');
  const value = onLine(limit.x, limit.y, Math.min(right, limit.x.at(-1) ?? right)) ?? limit.y.at(-1);
  if (value == null) return;
  pen.fillStyle = theme.alarm;
  pen.font = `${11 * devicePixelRatio}px ${theme.font}`;
  pen.textAlign = 'right';
  pen.fillText(name, bbox.left + bbox.width - 4 * devicePixelRatio, plot.valToPos(value, 'y', true) - 4 * devicePixelRatio);
}
