// The result of the R function in the shape of the charts.

import { formatNumber, type Cell } from '@dcp/api-service';
import type { ControlLimit, ControlPoint, Ellipse, Group, OverlayLane, ScorePoint } from '@dcp/charts';
import type { BatchResult, Limit, Result, Statistic } from './contract';
import { inverse, outline, squaredRadius, type Matrix2 } from './ellipse';
import { t } from './words';

export const STATISTIC_NAMES: Record<Statistic, string> = {
  t2: 'T²',
  spe: 'SPE',
};

export function groupOf(batch: BatchResult): Group {
  return batch.abnormal ? 'abnormal' : batch.reference ? 'reference' : 'other';
}

/** Abnormal batches, the most obvious first. */
export function abnormalBatches(result: Result): BatchResult[] {
  const weight = (batch: BatchResult): number =>
    batch.share_outside ?? Math.max(...(['t2', 'spe'] as const).map((one) => largest(batch, one) / (result.limits[one]?.value ?? 1)));
  return result.batches.filter((batch) => batch.abnormal).sort((a, b) => weight(b) - weight(a));
}

/** The statistic of a whole batch: of an evolution its greatest value. */
export function largest(batch: BatchResult, statistic: Statistic): number {
  const value = batch[statistic];
  return Array.isArray(value) ? Math.max(...value) : value;
}

export function percent(alpha: number): string {
  return `${formatNumber(alpha * 100, { digits: 3 })} %`;
}

/** Limits of a statistic with their names and formulas. */
export function limitsOf(result: Result, statistic: Statistic): ControlLimit[] {
  const named = (limit: Limit | undefined): ControlLimit[] =>
    limit
      ? [
          {
            name: `${STATISTIC_NAMES[statistic]} ${percent(limit.alpha)}`,
            value: limit.value,
            formula: limit.n === undefined ? limit.formula : `${limit.formula}, N = ${limit.n}`,
          },
        ]
      : [];
  return [...named(result.limits[statistic]), ...named(result.limits[`${statistic}_action`])];
}

export function controlPoints(result: Result, statistic: Statistic): ControlPoint[] {
  return result.batches.map((batch) => ({
    id: batch.id,
    name: batch.id,
    value: largest(batch, statistic),
    group: groupOf(batch),
    detail: batch.running ? t('running') : '',
  }));
}

/** Scores of two components: of all observations, at one maturity, or of whole batches. */
export function scorePoints(result: Result, x: number, y: number, maturity: number | undefined): ScorePoint[] {
  return result.batches.flatMap((batch) => {
    const point = (at: number, detail: string, group = groupOf(batch)): ScorePoint => ({
      id: batch.id,
      name: batch.id,
      x: score(batch, x, at),
      y: score(batch, y, at),
      group,
      detail,
    });
    const times = batch.maturity;
    if (!times) return [point(0, batch.running ? t('running') : '')];
    if (maturity === undefined)
      return times.map((time, at) => point(at, `${t('maturity')} ${formatNumber(time, { digits: 3 })} %`, observed(result, batch, at)));
    const at = nearest(times, maturity);
    return (times.at(-1) ?? 0) + 2 < maturity ? [] : [point(at, `${t('maturity')} ${formatNumber(times[at], { digits: 3 })} %`)];
  });
}

/** An observation of an abnormal batch is abnormal only where it is itself beyond an action limit. */
function observed(result: Result, batch: BatchResult, at: number): Group {
  const beyond = (['t2', 'spe'] as const).some(
    (one) => ((batch[one] as number[])[at] ?? 0) > (result.limits[`${one}_action`]?.value ?? Infinity),
  );
  return batch.abnormal && beyond ? 'abnormal' : batch.reference ? 'reference' : 'other';
}

function score(batch: BatchResult, component: number, at: number): number {
  const scores = batch.t[component - 1];
  return Array.isArray(scores) ? (scores[at] ?? NaN) : (scores ?? NaN);
}

/** Index of the value next to `wanted`. */
export function nearest(values: readonly number[], wanted: number): number {
  return values.reduce((best, value, at) => (Math.abs(value - wanted) < Math.abs((values[best] ?? Infinity) - wanted) ? at : best), 0);
}

/** The ellipses at the model's confidence and at 99 %. */
export function ellipses(result: Result, x: number, y: number, maturity: number | undefined): Ellipse[] {
  const counted =
    result.kind === 'evolution' && maturity === undefined
      ? result.batches.filter((batch) => batch.reference).reduce((sum, batch) => sum + batch.observations, 0)
      : result.reference_batches;
  const { mean, covariance } = population(result, x, y, maturity);
  return [...new Set([result.alpha, 0.99])].map((alpha) => ({
    name: `${t('ellipse')} ${percent(alpha)} (N = ${counted})`,
    outline: outline(mean, covariance, squaredRadius(alpha, counted)),
  }));
}

function population(result: Result, x: number, y: number, maturity: number | undefined): { mean: [number, number]; covariance: Matrix2 } {
  const { t_mean, t_inverse } = result.grid;
  if (maturity === undefined || !t_mean || !t_inverse) {
    const [sx, sy] = [result.score_sd[x - 1] ?? 1, result.score_sd[y - 1] ?? 1];
    return {
      mean: [0, 0],
      covariance: [
        [sx * sx, 0],
        [0, sy * sy],
      ],
    };
  }
  const at = nearest(result.grid.maturity, maturity);
  const spread = inverse(t_inverse[at] ?? [], result.components);
  const cell = (i: number, j: number): number => spread[i - 1]?.[j - 1] ?? 0;
  return {
    mean: [t_mean[x - 1]?.[at] ?? 0, t_mean[y - 1]?.[at] ?? 0],
    covariance: [
      [cell(x, x), cell(x, y)],
      [cell(y, x), cell(y, y)],
    ],
  };
}

/** An evolution over maturity: each score with its band, T2 and SPE with their limits, predicted maturity. */
export function courseLanes(result: Result): OverlayLane[] {
  const { maturity, t_mean, t_low, t_high, t2_limit, spe_limit } = result.grid;
  const lines = (y: (batch: BatchResult) => number[]): OverlayLane['lines'] =>
    result.batches.map((batch) => ({
      id: batch.id,
      name: batch.id,
      x: batch.maturity ?? [],
      y: y(batch),
    }));
  const band = t('bandName', { count: result.reference_batches });
  const scores = Array.from({ length: result.components }, (_, at): OverlayLane => ({
    id: `t${at + 1}`,
    name: `t${at + 1}`,
    lines: lines((batch) => (batch.t as number[][])[at] ?? []),
    envelope: {
      name: band,
      x: maturity,
      mean: t_mean?.[at] ?? [],
      low: t_low?.[at] ?? [],
      high: t_high?.[at] ?? [],
    },
  }));
  const statistic = (one: Statistic, limit: number[] | undefined): OverlayLane => ({
    id: one,
    name: STATISTIC_NAMES[one],
    logarithmic: true,
    lines: lines((batch) => batch[one] as number[]),
    ...(limit
      ? {
          envelope: {
            name: `${STATISTIC_NAMES[one]} ${percent(result.alpha)}`,
            x: maturity,
            high: limit,
            limit: true,
          },
        }
      : {}),
  });
  return [
    ...scores,
    statistic('t2', t2_limit),
    statistic('spe', spe_limit),
    {
      id: 'predicted',
      name: t('predicted'),
      unit: '%',
      lines: lines((batch) => batch.predicted ?? []),
    },
  ];
}

export const RESULT_HEADER = [
  'batch',
  'reference',
  'running',
  'abnormal',
  'observations',
  'duration_s',
  't2',
  't2_limit',
  'spe',
  'spe_limit',
  'share_outside',
  'first_alarm_maturity',
  'first_alarm_statistic',
];

/** One row per batch, for scripts: the names of the columns never change with the language. */
export function resultRows(result: Result): Cell[][] {
  return result.batches.map((batch) => [
    batch.id,
    batch.reference,
    batch.running,
    batch.abnormal,
    batch.observations,
    batch.duration_s,
    largest(batch, 't2'),
    result.limits['t2']?.value,
    largest(batch, 'spe'),
    result.limits['spe']?.value,
    batch.share_outside,
    batch.first_alarm?.maturity,
    batch.first_alarm?.statistic,
  ]);
}
