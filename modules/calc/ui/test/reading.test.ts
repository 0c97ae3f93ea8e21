import assert from 'node:assert/strict';
import { test } from 'node:test';
import { curl, quoted } from '../src/function/curl';
import { firstTable, shapeOf } from '../src/function/shape';
import { calledOf, type SourceLine } from '../src/model';
import { isName, lineIn, nameFrom, textOf } from '../src/publish/reading';
import { folded, isFold, numbered } from '../src/script/diff';
import { signature } from '../src/script/signature';
import { stepsFrom } from '../src/script/steps';

test('a value has the shape that people see in it', () => {
  assert.deepEqual(shapeOf(null), { kind: 'nothing' });
  assert.deepEqual(shapeOf([]), { kind: 'nothing' });
  assert.deepEqual(shapeOf(1.5), { kind: 'scalar', value: 1.5 });
  const vector = shapeOf([1, null, 'Inf']);
  assert.ok(vector.kind === 'table' && vector.origin === 'vector' && vector.columns[0]?.numeric === true);
  const frame = shapeOf({ day: ['a', 'b'], value: [1, 2] });
  assert.ok(frame.kind === 'table' && frame.origin === 'frame' && frame.rows === 2);
  assert.deepEqual(
    frame.columns.map(({ name, numeric }) => [name, numeric]),
    [
      ['day', false],
      ['value', true],
    ],
  );
  const matrix = shapeOf([
    [1, 2],
    [3, 4],
  ]);
  assert.ok(matrix.kind === 'table' && matrix.origin === 'matrix');
  assert.deepEqual(matrix.columns[1]?.values, [2, 4]);
});

test('named parts are facts and parts of their own, and the first table among them is found', () => {
  const value = { n: 3, sigma: { within: 1 }, rows: { a: [1, 2], b: [3, 4] } };
  const shape = shapeOf(value);
  assert.ok(shape.kind === 'parts');
  assert.deepEqual(shape.facts, [['n', 3]]);
  assert.deepEqual(
    shape.parts.map(([name]) => name),
    ['sigma', 'rows'],
  );
  assert.equal(firstTable(value)?.columns.length, 2);
  assert.equal(firstTable({ n: 1 }), undefined);
});

test('columns of different lengths are parts, not a table', () => {
  const shape = shapeOf({ values: [1, 2, 3], beyond: [1] });
  assert.ok(shape.kind === 'parts' && shape.parts.length === 2);
});

test('a comparison numbers both sources and folds what did not change', () => {
  const same = (line: string): SourceLine => ({ kind: 'same', line });
  const source: SourceLine[] = [
    ...Array.from({ length: 20 }, (_, at) => same(`a${at}`)),
    { kind: 'removed', line: 'old' },
    { kind: 'added', line: 'new' },
    same('z'),
  ];
  const lines = numbered(source);
  assert.deepEqual([lines[20]?.before, lines[20]?.after], [21, undefined]);
  assert.deepEqual([lines[21]?.before, lines[21]?.after], [undefined, 21]);
  const shown = folded(lines);
  const [first] = shown;
  assert.ok(first && isFold(first) && first.lines.length === 17);
  const all = shown.flatMap((one) => (isFold(one) ? one.lines : [one]));
  assert.deepEqual(
    all.map(({ line }) => line),
    source.map(({ line }) => line),
  );
});

test('one unchanged line is not folded, and two equal sources are one fold', () => {
  const same = (line: string): SourceLine => ({ kind: 'same', line });
  const change: SourceLine = { kind: 'added', line: '+' };
  const near = folded(numbered([change, ...Array.from({ length: 7 }, (_, at) => same(String(at))), change]));
  assert.ok(near.every((one) => !isFold(one)));
  const equal = folded(numbered([same('a'), same('b')]));
  assert.ok(equal.length === 1 && equal[0] && isFold(equal[0]));
});

test('the line is found where R, the parser or the engine names it', () => {
  assert.equal(lineIn('<text>:3:5: unexpected symbol\n2: f <- function(x) {\n3: x y\n'), 3);
  assert.equal(lineIn('R stopped in line 12: object not found'), 12);
  assert.equal(lineIn('object of type closure is not subsettable'), undefined);
});

test('the name of a script comes from its file and is one the engine accepts', () => {
  assert.equal(nameFrom('Capability Study.R'), 'capability-study');
  assert.equal(nameFrom('C:\\work\\3_Dryer (final).r'), 'dryer-final');
  for (const name of ['capability', 'a-b_2']) assert.ok(isName(name));
  for (const name of ['', '2a', 'A', 'a.b', 'a'.repeat(65)]) assert.ok(!isName(name));
});

test('a call for a shell survives quotes in its arguments', () => {
  assert.equal(quoted("it's"), `'it'\\''s'`);
  const text = curl({ origin: 'http://dcp', path: '/api/calc/r/s@v/f', site: 'basel', node: 'gxp-node', body: '{"x":"it\'s"}' });
  assert.match(text, /DCP-Node: gxp-node/);
  assert.match(text, /-d '\{"x":"it'\\''s"\}'$/);
});

test('a signature reads as R writes it', () => {
  const args = [
    { name: 'x', required: true, default: null, type: 'any' },
    { name: 'lsl', required: false, default: 'NULL', type: 'NULL' },
  ];
  assert.equal(signature({ name: 'cpk', args }), 'cpk(x, lsl = NULL)');
});

test('no step leads on from a retired version, and whoever sends back or retires says why', () => {
  assert.deepEqual(stepsFrom('retired', 'gxp'), []);
  assert.deepEqual(
    stepsFrom('review', 'gxp').map(({ to, needs, reasoned }) => [to, needs, reasoned]),
    [
      ['approved', ['calc.approve'], false],
      ['draft', ['calc.publish', 'calc.approve'], true],
    ],
  );
  assert.ok(stepsFrom('effective', 'nongxp').every(({ needs, reasoned }) => needs.join() === 'calc.publish' && reasoned));
});

test('what was called is named apart from its version, also where the record has both in one', () => {
  assert.deepEqual(calledOf({ script: 'spread', version: 'abc' }), { name: 'spread', version: 'abc' });
  assert.deepEqual(calledOf({ script: 'spread@abc', version: '' }), { name: 'spread', version: 'abc' });
  assert.deepEqual(calledOf({ script: 'spread', version: '' }), { name: 'spread', version: '' });
});

test('a file that is no UTF-8 is not read as if it were: its first wrong line is named', () => {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
  assert.equal(textOf(bytes('# größe\nf <- 1\n')), '# größe\nf <- 1\n');
  assert.equal(textOf(bytes('')), '');
  const latin1 = Uint8Array.from('# one\n# two\n# gr\u00f6\u00dfe\nf <- 1\n', (letter) => letter.charCodeAt(0));
  assert.deepEqual(textOf(latin1), { line: 3 });
  assert.deepEqual(textOf(latin1.subarray(12)), { line: 1 });
});
