import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Schema } from '../src/contracts/document';
import { fieldsOf, typeOf } from '../src/contracts/fields';

const actor: Schema = { type: 'object', properties: { id: { type: 'string', description: 'The id.' } }, required: ['id'] };
const schemas = { Actor: actor };
const reference: Schema = { $ref: '#/components/schemas/Actor' };

test('fields of an inner object stand below their owner, whose own words count', () => {
  const schema: Schema = {
    type: 'object',
    properties: { by: { allOf: [reference], description: 'Who.' }, note: { type: 'string' } },
    required: ['by'],
  };
  const rows = fieldsOf(schema, schemas);
  assert.deepEqual(
    rows.map(({ path, depth, presence, meaning }) => [path, depth, presence, meaning]),
    [
      ['by', 0, 'required', 'Who.'],
      ['by.id', 1, 'required', 'The id.'],
      ['note', 0, 'optional', ''],
    ],
  );
});

test('of several variants each is one of these', () => {
  const variant = (name: string): Schema => ({
    type: 'object',
    properties: { [name]: reference },
    required: [name],
    description: `It is ${name}.`,
  });
  const outcome: Schema = { oneOf: [variant('ok'), variant('error')] };
  const rows = fieldsOf({ type: 'object', properties: { outcome }, required: ['outcome'] }, schemas);
  assert.deepEqual(
    rows.map(({ path, presence }) => [path, presence]),
    [
      ['outcome', 'required'],
      ['outcome.ok', 'variant'],
      ['outcome.ok.id', 'required'],
      ['outcome.error', 'variant'],
      ['outcome.error.id', 'required'],
    ],
  );
  assert.equal(rows[1]?.meaning, 'It is ok.');
  assert.equal(rows[0]?.type, '{ ok } | { error }');
});

test('a type is written as programs write it', () => {
  const written: readonly [Schema, string][] = [
    [{ type: ['string', 'null'], format: 'date-time' }, 'string (date-time) | null'],
    [{ anyOf: [reference, { type: 'null' }] }, 'object | null'],
    [{ type: 'array', items: { type: 'string' } }, 'string[]'],
    [{ type: 'array', items: { type: ['string', 'null'] } }, '(string | null)[]'],
    [{ type: 'object', additionalProperties: { type: 'array', items: { type: 'string' } } }, '{ [name]: string[] }'],
    [{ type: 'object', additionalProperties: true }, 'object'],
    [{ enum: ['gxp', 'nongxp'] }, '"gxp" | "nongxp"'],
    [{ oneOf: [{ const: 'a' }, { const: 'b' }] }, '"a" | "b"'],
    [{ description: 'Whatever it is.' }, 'any'],
  ];
  for (const [schema, text] of written) assert.equal(typeOf(schema, schemas), text);
});

test('elements of a list have their fields, and a type that contains itself ends', () => {
  const tree: Schema = { type: 'object', properties: { children: { type: 'array', items: { $ref: '#/components/schemas/Tree' } } } };
  const rows = fieldsOf(tree, { Tree: tree });
  assert.equal(rows[1]?.path, 'children[].children');
  assert.ok(rows.length < 10, String(rows.length));
});
