// The backend's answer in the shape of the charts.

import type { TrendBand, TrendSeries } from '@dcp/charts';
import type { Batch } from '@dcp/plant';
import type { Tag, TrendAnswer } from './contract';

export function seriesOf(answer: TrendAnswer, tags: readonly Tag[]): TrendSeries[] {
  return answer.series.map((one) => ({
    id: one.web_id,
    name: one.name,
    description: tags.find((tag) => tag.web_id === one.web_id)?.description ?? one.name,
    unit: one.unit,
    step: one.step,
    times: one.times_ms,
    values: one.values,
    bad: one.status.map(({ from_ms, to_ms, state }) => ({
      from: from_ms,
      to: to_ms,
      state,
    })),
    samples: one.samples,
    downsampled: one.downsampled,
  }));
}

/** Whether there is nothing at all to draw: no value and no word in place of one. */
export function isEmpty({ series }: TrendAnswer): boolean {
  return series.every(({ times_ms, status }) => !times_ms.length && !status.length);
}

/** Since when the oldest of the shown values are kept, and whether PI was away when they were to be confirmed. */
export function keptSince(series: readonly { read_at?: string; stale?: boolean }[]): { at: number; stale: boolean } | undefined {
  const times = series.flatMap((one) => (one.read_at === undefined ? [] : [Date.parse(one.read_at)]));
  return times.length ? { at: Math.min(...times), stale: series.some((one) => one.stale === true) } : undefined;
}

/** Batches as bands; the abnormal ones in the colour of the alarm. */
export function bandsOf(
  batches: readonly Batch[],
  range: { from: number; to: number },
  abnormal: ReadonlySet<string> = new Set(),
): TrendBand[] {
  return batches
    .map((batch) => ({
      from: Date.parse(batch.start),
      to: batch.end ? Date.parse(batch.end) : null,
      name: batch.id,
      alarm: abnormal.has(batch.id),
    }))
    .filter((band) => band.from <= range.to && (band.to ?? Infinity) >= range.from)
    .sort((a, b) => a.from - b.from);
}
