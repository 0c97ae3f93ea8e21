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
    unreadable: '{count, plural, one {One could not be read in full:} other {# could not be read in full:}}',
    unreadableMore: 'and {count} more',
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
    unreadable: '{count, plural, one {Eines war nicht ganz lesbar:} other {# waren nicht ganz lesbar:}}',
    unreadableMore: 'und {count} weitere',
  },
});
