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
    clockAhead:
      'The clock of the PI server is {seconds} s ahead of the platform’s: times relative to the present mean something else there. Compare both with the time server.',
    clockBehind:
      'The clock of the PI server is {seconds} s behind the platform’s: times relative to the present mean something else there. Compare both with the time server.',
    dataServerUnknown: 'The data server {name} is not behind this PI Web API. Correct its name in the settings of the source.',
    dataServerDisconnected: 'The PI Web API does not reach the data server {name}: its values cannot be read until it does.',
    databaseUnreadable: 'The asset database cannot be read: {detail}.',
    changed: 'Another server or version answers than before: “{now}” instead of “{before}”. Make sure that this was planned.',
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
    clockAhead:
      'Die Uhr des PI-Servers geht der Plattform {seconds} s voraus: Zeiten relativ zur Gegenwart bedeuten dort etwas anderes. Bitte beide mit dem Zeitserver vergleichen.',
    clockBehind:
      'Die Uhr des PI-Servers geht der Plattform {seconds} s nach: Zeiten relativ zur Gegenwart bedeuten dort etwas anderes. Bitte beide mit dem Zeitserver vergleichen.',
    dataServerUnknown:
      'Den Datenserver {name} gibt es hinter dieser PI Web API nicht. Bitte den Namen in den Einstellungen der Quelle berichtigen.',
    dataServerDisconnected: 'Die PI Web API erreicht den Datenserver {name} nicht: Bis dahin sind seine Werte nicht lesbar.',
    databaseUnreadable: 'Die Asset-Datenbank ist nicht lesbar: {detail}.',
    changed: 'Ein anderer Server oder eine andere Fassung antwortet: „{now}“ statt „{before}“. Bitte prüfen, ob das geplant war.',
  },
});
