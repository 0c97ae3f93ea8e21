import assert from 'node:assert/strict';
import { test } from 'node:test';
import { csv, fileName } from '../src/export';
import { duration, moment, number } from '../src/numbers';
import { heightOf, onLine } from '../src/overlay-model';
import { figures, valueAt, type TrendSeries } from '../src/trend-model';
import { measured, unitWords, withUnit } from '../src/units';
import { scaled, ZoomHistory } from '../src/zoom';

const series = (step: boolean): TrendSeries => ({ id: 'a', name: 'A', unit: '°C', step, times: [0, 10, 20, 30], values: [1, null, 3, 4] });

test('a set point holds its value, a measured value is the nearer one', () => {
  assert.equal(valueAt(series(true), 8), 1);
  assert.equal(valueAt(series(true), 29), 3);
  assert.equal(valueAt(series(false), 29), 4);
  assert.equal(valueAt(series(false), -1), null);
});

test('a gap is no value', () => {
  assert.equal(valueAt(series(false), 11), null);
  assert.deepEqual(figures(series(false), { from: 0, to: 20 }), { min: 1, mean: 2, max: 3 });
  assert.deepEqual(figures(series(false), { from: 40, to: 50 }), { min: null, mean: null, max: null });
});

test('every zoom can be undone, and the same one of several lanes counts once', () => {
  const history = new ZoomHistory({ from: 0, to: 100 });
  history.go({ from: 10, to: 50 });
  history.go({ from: 10, to: 50.001 });
  history.go({ from: 20, to: 30 });
  assert.deepEqual(history.undo(), { from: 10, to: 50 });
  assert.deepEqual(history.undo(), { from: 0, to: 100 });
  assert.equal(history.zoomed, false);
});

test('the first zoom is undone to all there is, also when more came meanwhile', () => {
  const history = new ZoomHistory({ from: 0, to: 100 });
  history.go({ from: 10, to: 50 });
  history.extend({ from: 0, to: 120 });
  assert.deepEqual(history.undo(), { from: 0, to: 120 });
  assert.equal(history.zoomed, false);
});

test('newer data move the view only of a reader who has not zoomed', () => {
  const history = new ZoomHistory({ from: 0, to: 100 });
  assert.deepEqual(history.extend({ from: 0, to: 120 }), { from: 0, to: 120 });
  history.go({ from: 10, to: 20 });
  assert.deepEqual(history.extend({ from: 0, to: 140 }), { from: 10, to: 20 });
});

test('turning the wheel keeps the place under the pointer', () => {
  assert.deepEqual(scaled({ from: 0, to: 100 }, 25, 0.5), { from: 12.5, to: 62.5 });
});

test('a line is straight between its points and nothing beyond them', () => {
  assert.equal(onLine([0, 10], [1, 3], 5), 2);
  assert.equal(onLine([0, 10], [1, 3], 11), null);
  assert.equal(onLine([0, 10, 20], [1, null, 3], 15), null);
});

test('a logarithmic lane leaves out what is not positive', () => {
  const [low, high] = heightOf(
    { id: 'a', name: 'a', logarithmic: true, lines: [{ id: 'b', name: 'b', x: [0, 1, 2], y: [0, 1, 100] }] },
    { from: 0, to: 2 },
  );
  assert.ok(low > 0 && low < 1 && high > 100);
});

test('numbers have significant digits, very large and small ones powers of ten', () => {
  assert.equal(number(1234.567, 'en'), '1235');
  assert.equal(number(0.0123456, 'en'), '0.01235');
  assert.equal(number(-3.5, 'de'), '−3,5');
  assert.equal(number(123456, 'en'), '123456');
  assert.equal(number(12345678, 'en'), '1.235E7');
  assert.equal(number(null, 'en'), '–');
});

test('a unit that the source does not name is told as that and never left to be guessed', () => {
  assert.equal(withUnit('Torque', 'N m', 'en'), 'Torque (N m)');
  assert.equal(withUnit('Torque', '', 'en'), 'Torque (no unit at the source)');
  assert.equal(measured('12', '', 'de'), '12 keine Einheit an der Quelle');
  assert.equal(measured('', '', 'en'), 'no unit at the source');
});

test('a statistic has no unit by its nature, and nothing is said of it', () => {
  assert.equal(unitWords(undefined, 'en'), '');
  assert.equal(withUnit('SPE', undefined, 'en'), 'SPE');
  assert.equal(measured('3.2', undefined, 'de'), '3.2');
});

test('times are in ISO order in the zone of the axis', () => {
  assert.equal(moment(Date.parse('2026-07-01T12:00:00Z'), 'Europe/Zurich'), '2026-07-01 14:00:00');
  assert.equal(duration(5400), '90 min');
});

test('a CSV file says where it comes from and quotes what needs it', () => {
  assert.equal(csv({ columns: [{ name: 'a' }, { name: 'b,c' }], rows: [['x "y"', null]] }, ['GxP']), '# GxP\r\na,"b,c"\r\n"x ""y""",\r\n');
  assert.equal(fileName('GxP', 'T² of Dryer 1'), 'GxP_T2-of-Dryer-1');
});
