import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from '../src/parse';

test('numbers are taken one a line or separated in any usual way', () => {
  assert.deepEqual(parse('1\n2.5\n-3').values, [1, 2.5, -3]);
  assert.deepEqual(parse('1 2 3').values, [1, 2, 3]);
  assert.deepEqual(parse('1;2;3').values, [1, 2, 3]);
  assert.deepEqual(parse('1, 2, 3').values, [1, 2, 3]);
  assert.deepEqual(parse('1,2,3').values, [1, 2, 3]);
});

test('a decimal comma is understood', () => {
  assert.deepEqual(parse('1,5\n2,25').values, [1.5, 2.25]);
  assert.deepEqual(parse('1,5;2,25').values, [1.5, 2.25]);
});

test('of a table the first column of numbers is taken, without its heading', () => {
  assert.deepEqual(parse('batch,assay\nB1,99.5\nB2,101').values, [99.5, 101]);
});

test('what is no number is named', () => {
  const { values, skipped } = parse('1\nn/a\n3');
  assert.deepEqual(values, [1, 3]);
  assert.deepEqual(skipped, ['n/a']);
});
