// What a trend shows, and the questions its parts ask about the data.

import type { FigureOptions } from './figure';
import type { Range } from './zoom';

export interface TrendSeries {
  id: string;
  name: string;
  description?: string;
  /** Abbreviation; empty where the source names none. */
  unit: string;
  /** A value holds until the next one (set points, states); otherwise straight lines. */
  step?: boolean;
  /** Milliseconds since 1970, ascending. */
  times: readonly number[];
  /** null where there is no good value: the line breaks. */
  values: readonly (number | null)[];
  /** Stretches without good values and what the source said instead. */
  bad?: readonly { from: number; to: number; state: string }[];
  limits?: readonly { value: number; name: string }[];
  /** Samples behind the shown points, where the server reduced them. */
  samples?: number;
  downsampled?: boolean;
}

/** A stretch of time with a name, such as a batch. */
export interface TrendBand {
  from: number;
  to: number | null;
  name: string;
  alarm?: boolean;
}

export interface TrendOptions extends FigureOptions {
  series: readonly TrendSeries[];
  /** One lane per tag, or one plot with an axis per unit. */
  layout?: 'lanes' | 'shared';
  bands?: readonly TrendBand[];
  /** IANA name; the axis names it. */
  timeZone: string;
  /** The whole range; without it the extent of the data. */
  range?: Range;
  /** The part first shown. */
  zoom?: Range;
  /** Milliseconds; draws the line "now". */
  now?: number;
  /** Charts with the same key share the crosshair. */
  syncKey?: string;
  onZoom?: (range: Range, zoomed: boolean) => void;
}

/** First and last time of all series. */
export function extent(series: readonly TrendSeries[]): Range {
  let from = Infinity;
  let to = -Infinity;
  for (const { times } of series) {
    from = Math.min(from, times[0] ?? Infinity);
    to = Math.max(to, times.at(-1) ?? -Infinity);
  }
  return from < to ? { from, to } : { from: Date.now() - 3_600_000, to: Date.now() };
}

/** Index of the last time at or before a moment; -1 when there is none. */
export function indexAt(times: readonly number[], at: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] ?? 0) <= at) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The value that belongs to a moment: the one held (step), or the nearer of the two neighbours. */
export function valueAt(series: TrendSeries, at: number): number | null {
  const left = indexAt(series.times, at);
  if (left < 0) return null;
  const right = left + 1;
  const nearer =
    !series.step && right < series.times.length && (series.times[right] ?? 0) - at < at - (series.times[left] ?? 0) ? right : left;
  if (left === series.times.length - 1 && at - (series.times[left] ?? 0) > 2 * spacing(series)) return null;
  return series.values[nearer] ?? null;
}

function spacing(series: TrendSeries): number {
  const { times } = series;
  return times.length > 1 ? ((times.at(-1) ?? 0) - (times[0] ?? 0)) / (times.length - 1) : Infinity;
}

export interface Figures {
  min: number | null;
  mean: number | null;
  max: number | null;
}

/** Smallest, mean and largest good value within a range. */
export function figures(series: TrendSeries, range: Range): Figures {
  let min = Infinity;
  let max = -Infinity;
  let sum = 0;
  let count = 0;
  for (let at = Math.max(0, indexAt(series.times, range.from)); at < series.times.length && (series.times[at] ?? 0) <= range.to; at++) {
    const value = series.values[at];
    if (value == null || (series.times[at] ?? 0) < range.from) continue;
    if (value < min) min = value;
    if (value > max) max = value;
    sum += value;
    count++;
  }
  return count ? { min, mean: sum / count, max } : { min: null, mean: null, max: null };
}
