import { translate } from '@dcp/kit';

export const t = translate({
  en: {
    assets: 'Assets',
    loading: 'Loading …',
    retry: 'Retry',
    batch: 'Batch',
    start: 'Start',
    end: 'End',
    duration: 'Duration',
    status: 'Status',
    running: 'running',
    complete: 'complete',
    batchesOf: 'Batches of {unit}',
  },
  de: {
    assets: 'Anlagen',
    loading: 'Wird geladen …',
    retry: 'Erneut versuchen',
    batch: 'Charge',
    start: 'Beginn',
    end: 'Ende',
    duration: 'Dauer',
    status: 'Status',
    running: 'läuft',
    complete: 'abgeschlossen',
    batchesOf: 'Chargen von {unit}',
  },
});
