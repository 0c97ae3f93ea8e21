// What good batches do, calculated from batches already on the page: mean and three standard deviations at each point of a grid.

import type { Envelope, OverlayLine } from '@dcp/charts';

const POINTS = 121;
/** Fewer batches than this say nothing about spread. */
const FEWEST = 5;

export function envelopeOf(lines: readonly OverlayLine[], name: string): Envelope | undefined {
  const longest = Math.max(0, ...lines.map((line) => line.x.at(-1) ?? 0));
  if (lines.length < FEWEST || longest === 0) return undefined;
  const x = Array.from({ length: POINTS }, (_, at) => (longest * at) / (POINTS - 1));
  const edges = x.map((at) => spread(lines.flatMap((line) => valueAt(line, at))));
  return {
    name,
    x,
    mean: edges.map((edge) => edge?.mean ?? null),
    low: edges.map((edge) => edge?.low ?? null),
    high: edges.map((edge) => edge?.high ?? null),
  };
}

function spread(values: readonly number[]): { mean: number; low: number; high: number } | undefined {
  if (values.length < FEWEST) return undefined;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
  return { mean, low: mean - 3 * deviation, high: mean + 3 * deviation };
}

function valueAt(line: OverlayLine, at: number): number[] {
  const right = line.x.findIndex((x) => x >= at);
  if (right < 0) return [];
  const [leftX, rightX] = [line.x[right - 1] ?? line.x[right] ?? 0, line.x[right] ?? 0];
  const [leftY, rightY] = [line.y[right - 1] ?? line.y[right], line.y[right]];
  if (leftY == null || rightY == null) return [];
  return [rightX === leftX ? rightY : leftY + ((rightY - leftY) * (at - leftX)) / (rightX - leftX)];
}
