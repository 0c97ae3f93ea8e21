// What a trend draws besides the lines: batches as bands, stretches without good values, limits named at the line, and "now".

import type uPlot from 'uplot';
import { number } from './numbers';
import { withAlpha, type Theme } from './theme';
import type { TrendBand } from './trend-model';
import { say, type Language } from './words';

const HATCH = 6;

export function paintBands(plot: uPlot, bands: readonly TrendBand[], theme: Theme, named: boolean): void {
  const { ctx: pen, bbox } = plot;
  const ratio = devicePixelRatio;
  bands.forEach((band, at) => {
    const [left, right] = span(plot, band.from, band.to ?? Infinity);
    if (right - left < 1) return;
    pen.save();
    pen.fillStyle = band.alarm ? withAlpha(theme.alarm, 0.1) : withAlpha(theme.muted, at % 2 ? 0.09 : 0.04);
    pen.fillRect(left, bbox.top, right - left, bbox.height);
    if (named && right - left > 26 * ratio) {
      pen.fillStyle = band.alarm ? theme.alarm : theme.muted;
      pen.font = `${10 * ratio}px ${theme.font}`;
      pen.textAlign = 'center';
      pen.beginPath();
      pen.rect(left, 0, right - left, bbox.top);
      pen.clip();
      pen.fillText(band.name, (left + right) / 2, bbox.top - 22 * ratio);
    }
    pen.restore();
  });
}

export function paintQuality(plot: uPlot, bad: readonly { from: number; to: number; state: string }[], theme: Theme): void {
  const { ctx: pen, bbox } = plot;
  const ratio = devicePixelRatio;
  for (const stretch of bad) {
    const [left, right] = span(plot, stretch.from, stretch.to);
    const width = Math.max(right - left, 2 * ratio);
    if (right < bbox.left || left > bbox.left + bbox.width) continue;
    pen.save();
    pen.beginPath();
    pen.rect(left, bbox.top, width, bbox.height);
    pen.clip();
    pen.strokeStyle = withAlpha(theme.alarm, 0.4);
    pen.lineWidth = ratio;
    pen.beginPath();
    for (let x = left - bbox.height; x < left + width; x += HATCH * ratio) {
      pen.moveTo(x, bbox.top + bbox.height);
      pen.lineTo(x + bbox.height, bbox.top);
    }
    pen.stroke();
    pen.restore();
  }
}

/** Names the stretches without good values; over the grid, so that no line strikes the words out. */
export function nameQuality(plot: uPlot, bad: readonly { from: number; to: number; state: string }[], theme: Theme): void {
  const { ctx: pen, bbox } = plot;
  const ratio = devicePixelRatio;
  pen.save();
  pen.font = `${10 * ratio}px ${theme.font}`;
  pen.textAlign = 'left';
  for (const stretch of bad) {
    const [from, to] = span(plot, stretch.from, stretch.to);
    const left = Math.max(from, bbox.left);
    const width = Math.min(to, bbox.left + bbox.width) - left;
    const words = pen.measureText(stretch.state).width;
    if (words + 8 * ratio >= width) continue;
    pen.fillStyle = theme.surface;
    pen.fillRect(left + 3 * ratio, bbox.top + bbox.height / 2 - 7 * ratio, words + 6 * ratio, 14 * ratio);
    pen.fillStyle = theme.text;
    pen.fillText(stretch.state, left + 6 * ratio, bbox.top + bbox.height / 2 + 4 * ratio);
  }
  pen.restore();
}

export function paintLimits(
  plot: uPlot,
  scale: string,
  limits: readonly { value: number; name: string }[],
  theme: Theme,
  language: Language,
): void {
  const { ctx: pen, bbox } = plot;
  const ratio = devicePixelRatio;
  for (const limit of limits) {
    const y = plot.valToPos(limit.value, scale, true);
    if (y < bbox.top || y > bbox.top + bbox.height) continue;
    pen.save();
    pen.strokeStyle = theme.alarm;
    pen.lineWidth = ratio;
    pen.setLineDash([6 * ratio, 3 * ratio]);
    pen.beginPath();
    pen.moveTo(bbox.left, y);
    pen.lineTo(bbox.left + bbox.width, y);
    pen.stroke();
    pen.fillStyle = theme.alarm;
    pen.font = `${10 * ratio}px ${theme.font}`;
    pen.textAlign = 'right';
    pen.fillText(`${limit.name} ${number(limit.value, language)}`, bbox.left + bbox.width - 4 * ratio, y - 3 * ratio);
    pen.restore();
  }
}

export function paintNow(plot: uPlot, now: number, theme: Theme, language: Language, named: boolean): void {
  const { ctx: pen, bbox } = plot;
  const ratio = devicePixelRatio;
  const x = plot.valToPos(now, 'x', true);
  if (x < bbox.left || x > bbox.left + bbox.width) return;
  pen.save();
  pen.strokeStyle = theme.accent;
  pen.lineWidth = ratio;
  pen.beginPath();
  pen.moveTo(x, bbox.top);
  pen.lineTo(x, bbox.top + bbox.height);
  pen.stroke();
  pen.fillStyle = theme.accent;
  pen.font = `${10 * ratio}px ${theme.font}`;
  pen.textAlign = 'right';
  if (named) pen.fillText(say(language, 'now'), x - 3 * ratio, bbox.top + bbox.height - 4 * ratio);
  pen.restore();
}

/** Left and right edge of a stretch of time on the canvas, within the plot. */
function span(plot: uPlot, from: number, to: number): [number, number] {
  const { left, width } = plot.bbox;
  const clamp = (x: number): number => Math.min(left + width, Math.max(left, x));
  return [clamp(plot.valToPos(from, 'x', true)), to === Infinity ? left + width : clamp(plot.valToPos(to, 'x', true))];
}
