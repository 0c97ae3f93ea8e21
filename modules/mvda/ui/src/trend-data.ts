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
