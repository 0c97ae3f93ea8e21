// The module's words in both languages.

import { translator } from '@dcp/api-service';

export const t = translator({
  en: {
    title: 'Control charts', only: 'information only', lead: 'Paste values in the order of production, or drop a CSV file. The chart is calculated on the free node; do not base a decision on product quality on it.',
    name: 'Title', values: 'Values', valuesHint: 'One value a line, or separated by blanks, semicolons or tabs. Of a CSV file the first column of numbers is taken.', drop: 'Drop a CSV file here, or', choose: 'choose a file',
    lsl: 'Lower specification limit', usl: 'Upper specification limit', optional: 'optional', unstable: 'State capability although the chart signals',
    calculate: 'Calculate', calculating: 'Calculating …', newChart: 'New chart', read: '{count, plural, =0 {no number} one {# number} other {# numbers}} read', skipped: '{count, plural, one {# entry is no number} other {# entries are no numbers}}: {which}',
    tooFew: 'At least 8 values are needed.', needTitle: 'Give the chart a title.', earlier: 'Earlier charts', none: 'No charts yet. What is calculated here stays listed for this site.', by: 'by {name}',
    individuals: 'Individual values', ranges: 'Moving ranges', value: 'Value', order: 'Number', range: 'Moving range', upper: 'UCL', lower: 'LCL', centre: 'mean', rule: 'rule {rules}',
    signals: 'Signals', noSignals: 'No rule is broken: the process is stable.', signal: 'Rule {rule} at value {at} ({side}): {text}', above: 'above', below: 'below', both: 'both sides',
    rule1: 'one value beyond 3 sigma', rule2: 'nine values on one side', rule3: 'six values steadily rising or falling', rule4: 'fourteen values alternating', rule5: 'two of three beyond 2 sigma', rule6: 'four of five beyond 1 sigma', rule7: 'fifteen within 1 sigma', rule8: 'eight beyond 1 sigma on both sides',
    capability: 'Capability', noLimits: 'Give a specification limit to see the capability.', notStated: 'Not stated: {reason}', overridden: 'Stated although the chart signals, as asked for.',
    index: 'Index', estimate: 'Estimate', interval: '{confidence} % interval', freedom: 'Degrees of freedom', sigmaWithin: 'Sigma within', sigmaOverall: 'Sigma overall', outside: 'Outside specification', estimator: 'Sigma within is {estimator}.',
    failed: 'The chart could not be calculated', waiting: 'Waiting for the engine …', calculatedOn: 'Calculated on {node}, R {r}', retry: 'Retry', loading: 'Loading', csv: 'CSV of values',
    unreadable: 'This file cannot be read as text.', unreachable: 'Check whether the module saw and the free node are running, then try again.', stopped: 'The module saw is not running. An operator can start it: dcp start saw.', check: 'Check the marked input.',
  },
  de: {
    title: 'Regelkarten', only: 'nur zur Information', lead: 'Werte in der Reihenfolge der Produktion einfügen oder eine CSV-Datei ablegen. Gerechnet wird auf dem freien Knoten; keine Entscheidung über Produktqualität darauf stützen.',
    name: 'Titel', values: 'Werte', valuesHint: 'Ein Wert je Zeile oder durch Leerzeichen, Semikolon oder Tabulator getrennt. Aus einer CSV-Datei wird die erste Spalte mit Zahlen genommen.', drop: 'CSV-Datei hier ablegen oder', choose: 'Datei wählen',
    lsl: 'Untere Spezifikationsgrenze', usl: 'Obere Spezifikationsgrenze', optional: 'freiwillig', unstable: 'Fähigkeit angeben, obwohl die Karte Signale zeigt',
    calculate: 'Berechnen', calculating: 'Wird berechnet …', newChart: 'Neue Karte', read: '{count, plural, =0 {keine Zahl} one {# Zahl} other {# Zahlen}} gelesen', skipped: '{count, plural, one {# Eintrag ist keine Zahl} other {# Einträge sind keine Zahlen}}: {which}',
    tooFew: 'Mindestens 8 Werte sind nötig.', needTitle: 'Der Karte einen Titel geben.', earlier: 'Frühere Karten', none: 'Noch keine Karten. Was hier berechnet wird, bleibt für diesen Standort aufgelistet.', by: 'von {name}',
    individuals: 'Einzelwerte', ranges: 'Gleitende Spannweiten', value: 'Wert', order: 'Nummer', range: 'Gleitende Spannweite', upper: 'OEG', lower: 'UEG', centre: 'Mittel', rule: 'Regel {rules}',
    signals: 'Signale', noSignals: 'Keine Regel ist verletzt: Der Prozess ist stabil.', signal: 'Regel {rule} bei Wert {at} ({side}): {text}', above: 'oben', below: 'unten', both: 'beide Seiten',
    rule1: 'ein Wert jenseits von 3 Sigma', rule2: 'neun Werte auf einer Seite', rule3: 'sechs Werte stetig steigend oder fallend', rule4: 'vierzehn Werte abwechselnd', rule5: 'zwei von dreien jenseits von 2 Sigma', rule6: 'vier von fünfen jenseits von 1 Sigma', rule7: 'fünfzehn innerhalb von 1 Sigma', rule8: 'acht jenseits von 1 Sigma auf beiden Seiten',
    capability: 'Fähigkeit', noLimits: 'Mit einer Spezifikationsgrenze erscheint hier die Fähigkeit.', notStated: 'Nicht angegeben: {reason}', overridden: 'Wie verlangt angegeben, obwohl die Karte Signale zeigt.',
    index: 'Index', estimate: 'Schätzwert', interval: '{confidence}-%-Intervall', freedom: 'Freiheitsgrade', sigmaWithin: 'Sigma innerhalb', sigmaOverall: 'Sigma gesamt', outside: 'Außerhalb der Spezifikation', estimator: 'Sigma innerhalb ist {estimator}.',
    failed: 'Die Karte konnte nicht berechnet werden', waiting: 'Wartet auf den Rechner …', calculatedOn: 'Berechnet auf {node}, R {r}', retry: 'Erneut versuchen', loading: 'Wird geladen', csv: 'CSV der Werte',
    unreadable: 'Diese Datei lässt sich nicht als Text lesen.', unreachable: 'Prüfen, ob das Modul saw und der freie Knoten laufen, und erneut versuchen.', stopped: 'Das Modul saw läuft nicht. Ein Betreiber kann es starten: dcp start saw.', check: 'Die markierte Eingabe prüfen.',
  },
});

/** The rule in words. */
export function ruleText(rule: number): string {
  const rules = ['rule1', 'rule2', 'rule3', 'rule4', 'rule5', 'rule6', 'rule7', 'rule8'] as const;
  return t(rules[rule - 1] ?? 'rule1');
}
