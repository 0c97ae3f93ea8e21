// What a batch overlay shows: many lines on one scale (elapsed time, maturity), some of them in front.

import type { FigureOptions } from './figure';
import type { TrendBand } from './trend-model';
import type { Range } from './zoom';

export interface OverlayLine {
  /** The batch. */
  id: string;
  name: string;
  x: readonly number[];
  y: readonly (number | null)[];
  step?: boolean;
}

/** What good batches do: a band with its mean, or a limit with only an upper edge. */
export interface Envelope {
  name: string;
  x: readonly number[];
  low?: readonly (number | null)[];
  mean?: readonly (number | null)[];
  high?: readonly (number | null)[];
  /** A broken upper edge is an alarm (T2, SPE), not only unusual. */
  limit?: boolean;
}

export interface OverlayLane {
  id: string;
  name: string;
  /** Abbreviation; empty where the source names none, absent for what has none by its nature. */
  unit?: string;
  lines: readonly OverlayLine[];
  envelope?: Envelope;
  /** What stands beside the name, such as the states a source gave instead of values. */
  remark?: string;
  /** For statistics whose outliers would flatten everything else. */
  logarithmic?: boolean;
}

export interface OverlayOptions extends FigureOptions {
  lanes: readonly OverlayLane[];
  x: { name: string; unit: string };
  /** Batches in front, in colour; the others stay behind, muted. */
  highlighted: readonly string[];
  /** Batches shown in the alarm colour when highlighted. */
  abnormal?: ReadonlySet<string>;
  /** Stretches of the horizontal axis with a name, such as phases. */
  bands?: readonly TrendBand[];
  /** A vertical mark, such as the maturity looked at. */
  at?: number;
  zoom?: Range;
  laneHeight?: number;
  onHighlight?: (batches: string[]) => void;
  /** A click beside no line: the place on the horizontal axis. */
  onPlace?: (x: number, batch: string) => void;
  onZoom?: (range: Range, zoomed: boolean) => void;
}

export function extentOf(lanes: readonly OverlayLane[]): Range {
  let from = Infinity;
  let to = -Infinity;
  for (const lane of lanes) {
    for (const { x } of [...lane.lines, ...(lane.envelope ? [lane.envelope] : [])]) {
      from = Math.min(from, x[0] ?? Infinity);
      to = Math.max(to, x.at(-1) ?? -Infinity);
    }
  }
  return from < to ? { from, to } : { from: 0, to: 1 };
}

/** Smallest and largest value of a lane within a range. */
export function heightOf(lane: OverlayLane, range: Range): [number, number] {
  let low = Infinity;
  let high = -Infinity;
  const take = (x: readonly number[], y: readonly (number | null)[] | undefined): void => {
    y?.forEach((value, at) => {
      const here = x[at] ?? 0;
      if (value === null || here < range.from || here > range.to || (lane.logarithmic && value <= 0)) return;
      if (value < low) low = value;
      if (value > high) high = value;
    });
  };
  for (const line of lane.lines) take(line.x, line.y);
  const { envelope } = lane;
  if (envelope) for (const edge of [envelope.low, envelope.mean, envelope.high]) take(envelope.x, edge);
  if (low > high) return lane.logarithmic ? [0.1, 10] : [0, 1];
  if (lane.logarithmic) return [Math.max(low, high * 1e-4) / 1.2, high * 1.3];
  const room = (high - low) * 0.06 || Math.abs(high) * 0.1 || 1;
  return [low - room, high + room];
}

/** The value on a line at a place, straight between its neighbours; null outside and in gaps. */
export function onLine(x: readonly number[], y: readonly (number | null)[], at: number): number | null {
  let low = 0;
  let high = x.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((x[middle] ?? 0) <= at) low = middle + 1;
    else high = middle;
  }
  const left = low - 1;
  const [leftX, rightX] = [x[left], x[low]];
  const [leftY, rightY] = [y[left], y[low]];
  if (leftX === undefined) return null;
  if (rightX === undefined) return leftX === at ? (leftY ?? null) : null;
  if (leftY == null || rightY == null) return leftY ?? null;
  return leftY + ((rightY - leftY) * (at - leftX)) / (rightX - leftX || 1);
}
