import assert from 'node:assert/strict';
import { test } from 'node:test';
import { read } from '../src/function/entry';
import { fieldsOf, type Field } from '../src/function/fields';
import { argumentsOf, fromAddress, objections, toAddress } from '../src/function/form';
import type { ArgumentInfo, Schema } from '../src/model';

function argument(name: string, schema: Schema | undefined, more: Partial<ArgumentInfo> = {}): ArgumentInfo {
  return { name, required: true, default: null, type: 'any', ...(schema ? { schema } : {}), ...more };
}

function field(schema: Schema | undefined, more: Partial<ArgumentInfo> = {}): Field {
  const [first] = fieldsOf({ name: 'f', args: [argument('x', schema, more)] });
  assert.ok(first);
  return first;
}

test('a schema of one type makes a field of that type', () => {
  assert.deepEqual([field({ type: 'number' }).element, field({ type: 'number' }).many], ['number', 'one']);
  assert.equal(field({ type: 'integer' }).element, 'integer');
  assert.equal(field({ type: 'string' }).element, 'text');
  assert.equal(field({ type: 'boolean' }).element, 'boolean');
  assert.equal(field({ type: 'object' }).element, 'json');
});

test('a number or a list of them is one field that takes both, and a list alone always sends a list', () => {
  const some = field({ anyOf: [{ type: 'number' }, { type: 'array', items: { type: ['number', 'null'] } }] });
  assert.deepEqual([some.element, some.many], ['number', 'some']);
  assert.deepEqual(read(some, '5').value, 5);
  assert.deepEqual(read(some, '5, 6').value, [5, 6]);
  const list = field({ type: 'array', items: { type: 'number' }, minItems: 1 });
  assert.equal(list.many, 'list');
  assert.deepEqual(read(list, '5').value, [5]);
});

test('words that numbers need beside numbers are no choice', () => {
  const x = field({ anyOf: [{ type: 'number' }, { enum: ['NaN', 'Inf', '-Inf'] }, { type: 'null' }] });
  assert.deepEqual([x.element, x.nullable], ['number', true]);
  assert.equal(read(x, '-Inf').value, '-Inf');
});

test('the schema that the engine makes of a numeric argument is one field of numbers', () => {
  const word = '^(NaN|Inf|-Inf)$';
  const items: Schema = { type: ['number', 'string', 'null'], pattern: word };
  const x = field({ type: ['number', 'string', 'array'], pattern: word, items, 'x-unit': 'mg/L' });
  assert.deepEqual([x.element, x.many, x.unit], ['number', 'some', 'mg/L']);
  assert.deepEqual(read(x, '1, NaN, NA').value, [1, 'NaN', null]);
  const text = field({ type: ['string', 'array'], items: { type: ['string', 'null'] } });
  assert.deepEqual([text.element, text.many], ['text', 'some']);
});

test('rows of numbers are pasted as they are, or typed as JSON, as a list of anything is', () => {
  const matrix = field({ type: ['array', 'null'], items: { type: 'array', items: { type: 'number' } } });
  assert.deepEqual([matrix.element, matrix.nullable], ['matrix', true]);
  assert.deepEqual(read(matrix, '1\t2,5\n3\tNA').value, [
    [1, 2.5],
    [3, null],
  ]);
  assert.deepEqual(read(matrix, '1 2').value, [[1, 2]]);
  assert.deepEqual(read(matrix, '1, x'), { wrong: 'notNumber', at: 'x' });
  assert.deepEqual(read(matrix, '1 2\n3'), { wrong: 'uneven', at: '2' });
  assert.deepEqual(read(matrix, '[[1, 2], [3, 4]]').value, [
    [1, 2],
    [3, 4],
  ]);
  assert.deepEqual(read(field({ type: ['object', 'array'] }), '{"a": [1]}').value, { a: [1] });
});

test('an enumeration is a choice and null makes it nullable', () => {
  const choice = field({ enum: ['within', 'overall', null] }, { required: false, default: 'c("within", "overall")' });
  assert.deepEqual([choice.element, choice.choices, choice.required], ['choice', ['within', 'overall'], false]);
  assert.equal(field({ type: ['number', 'null'] }).nullable, true);
  assert.equal(field(undefined, { default: 'NULL', required: false }).nullable, true);
});

test('what stands beside a choice of types holds for each of them', () => {
  const bounded = field({ minimum: 0, anyOf: [{ type: 'number' }, { type: 'null' }] });
  assert.equal(bounded.bounds.minimum, 0);
  assert.equal(read(bounded, '-1').wrong, 'outOfBounds');
  const inside = field({ type: 'array', items: { type: 'number', exclusiveMaximum: 1 } });
  assert.equal(read(inside, '0.5, 1').wrong, 'outOfBounds');
});

test('without a schema the type of the default decides, and without a default anything goes', () => {
  assert.deepEqual(field(undefined, { type: 'double', default: '0.95', required: false }).element, 'number');
  assert.deepEqual(field({}, { type: 'any' }).element, 'any');
});

test('further arguments are one object of their own', () => {
  const fields = fieldsOf({ name: 'f', args: [argument('x', { type: 'number' }), argument('...', undefined, { required: false })] });
  assert.deepEqual(argumentsOf(fields, { x: '1', '...': '{"trim": 0.1}' }).body, { x: 1, trim: 0.1 });
});

test('an empty entry leaves the default, and is wrong where there is none', () => {
  assert.deepEqual(read(field({ type: 'number' }, { required: false }), ' '), {});
  assert.equal(read(field({ type: 'number' }), '').wrong, 'needed');
  assert.equal(read(field({ type: ['number', 'null'] }), '').value, null);
});

test('numbers come with commas, as a column, with decimal commas, and with what R calls missing', () => {
  const x = field({ type: 'array', items: { type: 'number' } });
  assert.deepEqual(read(x, '9.8, 10.1,10').value, [9.8, 10.1, 10]);
  assert.deepEqual(read(x, '9.8\n10.1\n').value, [9.8, 10.1]);
  assert.deepEqual(read(x, '9,8\n10,1\n11').value, [9.8, 10.1, 11]);
  assert.deepEqual(read(x, '9,8;10,1').value, [9.8, 10.1]);
  assert.deepEqual(read(x, '1,2,3').value, [1, 2, 3]);
  assert.deepEqual(read(x, 'c(1, NA, Inf)').value, [1, null, 'Inf']);
  assert.deepEqual(read(x, '[1, 2]').value, [1, 2]);
  assert.deepEqual(read(x, '1, two').at, 'two');
  assert.equal(read(field({ type: 'number' }), '9,8').value, 9.8);
  assert.equal(read(field({ type: 'integer' }), '1.5').wrong, 'notWhole');
  assert.equal(read(field({ type: 'number' }), '').wrong, 'needed');
});

test('a pasted table is a data frame, and broken JSON is said to be broken', () => {
  const frame = field({ type: 'object', required: ['$frame'] });
  assert.deepEqual(read(frame, 'day\tvalue\tnote\nMon\t1,5\tx\nTue\tNA').value, {
    $frame: { day: ['Mon', 'Tue'], value: [1.5, null], note: ['x', null] },
  });
  assert.deepEqual(read(frame, '{"$frame": {"a": [1]}}').value, { $frame: { a: [1] } });
  assert.equal(read(frame, '{"$frame"').wrong, 'notTable');
});

test('any value is JSON, a table, numbers or text, in this order', () => {
  const any = field(undefined);
  assert.deepEqual(read(any, '{"a": 1}').value, { a: 1 });
  assert.deepEqual(read(any, '1 2 3').value, [1, 2, 3]);
  assert.equal(read(any, 'batch 7').value, 'batch 7');
  assert.equal(read(any, '{"a": ').wrong, 'notJson');
});

test('an earlier result can stand for any value', () => {
  const x = field({ type: 'array', items: { type: 'number' } });
  assert.deepEqual(read(x, '{"$result": "ab", "path": "/v"}').value, { $result: 'ab', path: '/v' });
});

test('a form goes into the address and comes back, unless it is too long', () => {
  const entries = { x: '1, 2', lsl: '', note: 'a&b="c"' };
  assert.deepEqual(fromAddress(toAddress(entries) ?? ''), { x: '1, 2', note: 'a&b="c"' });
  assert.equal(toAddress({ x: '1,'.repeat(4000) }), undefined);
  assert.equal(toAddress({}), '');
  for (const broken of ['', '{', '[1]', 'null', '{"x":1}'])
    assert.deepEqual(
      Object.keys(fromAddress(broken)).filter((key) => key === 'x'),
      [],
    );
});

test('what the engine objects to is said at its field, what belongs to none is kept', () => {
  const fields = fieldsOf({ name: 'f', args: [argument('a/b', { type: 'number' }), argument('x', { type: 'number' })] });
  const found = objections(fields, [
    { pointer: '/a~1b', detail: 'is required' },
    { pointer: '/x/3', detail: 'must be a number' },
    { pointer: '/unknown', detail: 'is not an argument' },
  ]);
  assert.deepEqual(found.get('a/b'), [{ detail: 'is required', inside: '' }]);
  assert.deepEqual(found.get('x'), [{ detail: 'must be a number', inside: '/3' }]);
  assert.deepEqual(found.get(''), [{ detail: 'unknown is not an argument', inside: '' }]);
});

test('a choice of several sends one text or a list of them', () => {
  const words = ['a', 'b, c', null];
  const several = field({
    anyOf: [
      { type: 'string', enum: ['a', 'b, c'] },
      { type: 'array', items: { type: ['string', 'null'], enum: words } },
    ],
  });
  assert.deepEqual([several.element, several.many, several.choices], ['choice', 'some', ['a', 'b, c']]);
  assert.deepEqual(read(several, 'b, c').value, 'b, c');
  assert.deepEqual(read(several, 'a\nb, c').value, ['a', 'b, c']);
});

test('truth values may be missing in a list, and what is none is named', () => {
  const flags = field({ type: 'array', items: { type: ['boolean', 'null'] }, minItems: 2, maxItems: 3 });
  assert.deepEqual(flags.length, { least: 2, most: 3 });
  assert.deepEqual(read(flags, 'TRUE, NA').value, [true, null]);
  assert.deepEqual(read(flags, 'true maybe'), { wrong: 'notBoolean', at: 'maybe' });
});

test('dates and instants are what their format says, whether one or several are taken', () => {
  const date = { type: 'string', format: 'date' };
  const day = field(date);
  assert.deepEqual([day.element, day.many], ['date', 'one']);
  assert.deepEqual(read(day, '2026-01-31'), { value: '2026-01-31' });
  for (const wrong of ['2026-02-30', '31.1.2026', '…', 'NA']) assert.deepEqual(read(day, wrong), { wrong: 'notDate', at: wrong });
  assert.equal(read(day, '2026-01-31, 2026-02-01').wrong, 'oneOnly');
  assert.equal(read(day, '').wrong, 'needed');
  const days = field({ type: ['string', 'array'], format: 'date', items: { type: ['string', 'null'], format: 'date' } });
  assert.deepEqual([days.element, days.many], ['date', 'some']);
  assert.deepEqual(read(days, '2026-01-31\nNA').value, ['2026-01-31', null]);
  const at = field({ type: ['string', 'null'], format: 'date-time' });
  assert.deepEqual([at.element, at.nullable], ['instant', true]);
  assert.equal(read(at, '2026-01-31T08:00:00.5+01:00').value, '2026-01-31T08:00:00.5+01:00');
  assert.equal(read(at, '2026-01-31 08:00z').value, '2026-01-31T08:00:00Z');
  assert.deepEqual(read(at, '2026-01-31T08:00:00'), { wrong: 'noOffset', at: '2026-01-31T08:00:00' });
  for (const wrong of ['2026-01-31', '2026-02-29T08:00:00Z', '2026-01-31T24:00:00Z', '2026-01-31T08:61:00Z'])
    assert.deepEqual(read(at, wrong), { wrong: 'notInstant', at: wrong });
});
