// The columns of every table of batches.

import { formatTime, zoneName } from '@dcp/api-service';
import type { Column } from '@dcp/kit';
import type { Batch } from './model';
import { t } from './texts';

export function batchColumns(now: number): Column<Batch>[] {
  return [
    {
      id: 'batch',
      header: () => t('batch'),
      value: (batch) => batch.id,
      mono: true,
      width: 'minmax(132px, 1fr)',
    },
    {
      id: 'start',
      header: () => t('start'),
      unit: () => zoneName(),
      value: (batch) => batch.start,
      text: (batch) => formatTime(batch.start),
      width: 'minmax(190px, 1.3fr)',
    },
    {
      id: 'end',
      header: () => t('end'),
      unit: () => zoneName(),
      value: (batch) => batch.end,
      text: (batch) => (batch.end ? formatTime(batch.end) : '–'),
      width: 'minmax(190px, 1.3fr)',
    },
    {
      id: 'duration',
      header: () => t('duration'),
      unit: () => 'min',
      value: (batch) => Math.round(lasting(batch, now) / 60),
      numeric: true,
    },
    {
      id: 'status',
      header: () => t('status'),
      value: (batch) => batch.status,
      text: (batch) => t(batch.status),
    },
  ];
}

/** Seconds a batch took, or has taken so far. */
export function lasting(batch: Batch, now: number): number {
  return batch.end ? batch.duration_s : Math.max(0, (now - Date.parse(batch.start)) / 1000);
}

export const batchId = (batch: Batch): string => batch.id;
