import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fQuantileOfTwo, inverse, outline, squaredRadius } from '../src/ellipse';
import type { OverlayPart, Phase } from '../src/contract';
import { closer, spliced } from '../src/close-up';
import { envelopeOf } from '../src/envelope';
import { follow, lines, phaseBands } from '../src/overlay-parts';

const close = (actual: number | undefined | null, expected: number): void =>
  assert.ok(Math.abs((actual ?? NaN) - expected) < 1e-6 * Math.abs(expected), `${actual} is not ${expected}`);

test('the F quantile with two degrees of freedom agrees with printed tables', () => {
  close(fQuantileOfTwo(0.95, 10), 4.102821015);
  close(fQuantileOfTwo(0.99, 60), 4.977432038);
});

test('the ellipse lies at Hotelling distance from its centre', () => {
  const covariance = [
    [4, 1],
    [1, 2],
  ] as const;
  const radius2 = squaredRadius(0.95, 55);
  const [[a, b], [, c]] = covariance;
  const determinant = a * c - b * b;
  for (const [x, y] of outline([1, -1], covariance, radius2)) {
    const [dx, dy] = [x - 1, y + 1];
    close((c * dx * dx - 2 * b * dx * dy + a * dy * dy) / determinant, radius2);
  }
});

test('the inverse of a matrix times the matrix is the identity', () => {
  const [first, second] = inverse([4, 1, 1, 2], 2);
  close(first?.[0], 2 / 7);
  close(first?.[1], -1 / 7);
  close(second?.[1], 4 / 7);
});

test('the envelope is mean and three standard deviations, and silent where too few batches are', () => {
  const lines = [1, 2, 3, 4, 5].map((value, at) => ({
    id: String(at),
    name: '',
    x: [0, at === 0 ? 60 : 120],
    y: [value, value],
  }));
  const envelope = envelopeOf(lines, 'usual');
  close(envelope?.mean?.[0], 3);
  close(envelope?.high?.[0], 3 + 3 * Math.sqrt(2.5));
  assert.equal(envelope?.mean?.at(-1), null);
  assert.equal(envelopeOf(lines.slice(0, 4), 'too few'), undefined);
});

test('an answer of lines is read however it is cut', async () => {
  const bytes = new TextEncoder().encode('{"begin":{"batches":1,"without_phase":["Ö"],"unreadable":[]}}\n{"end":1}\n');
  for (let cut = 1; cut < bytes.length; cut++) {
    const body = new ReadableStream<Uint8Array>({
      start: (out) => {
        out.enqueue(bytes.slice(0, cut));
        out.enqueue(bytes.slice(cut));
        out.close();
      },
    });
    const parts: OverlayPart[] = [];
    for await (const part of lines<OverlayPart>(new Response(body))) parts.push(part);
    assert.deepEqual(parts, [{ begin: { batches: 1, without_phase: ['Ö'], unreadable: [] } }, { end: 1 }]);
  }
});

test('an overlay grows batch by batch', () => {
  const empty = { batches: [], of: 0, without: [], unreadable: [] };
  const begun = follow(empty, { begin: { batches: 2, without_phase: ['C'], unreadable: [] } });
  const grown = follow(begun, { batch: { batch: 'A', duration_s: 1, courses: [] } });
  assert.deepEqual([grown.of, grown.batches.length, grown.without], [2, 1, ['C']]);
});

test('a stretch in other points replaces only what lies in it, and the ends of the line stay', () => {
  const line = { x: [0, 10, 20, 30, 40], y: [0, 1, 2, 3, 4] };
  const part = { x: [12, 14, 20, 28], y: [5, null, 6, 7] };
  assert.deepEqual(spliced(line, part, { from: 10, to: 30 }), { x: [0, 12, 14, 20, 28, 40], y: [0, 5, null, 6, 7, 4] });
  assert.deepEqual(spliced(line, part, { from: -5, to: 50 }), { x: [0, 12, 14, 20, 28, 40], y: [0, 5, null, 6, 7, 4] });
  assert.deepEqual(spliced(line, { x: [], y: [] }, { from: 5, to: 45 }), { x: [0, 40], y: [0, 4] });
  assert.deepEqual(spliced(line, { x: [0, 40], y: [8, 9] }, { from: 0, to: 40 }), { x: [0, 40], y: [8, 9] });
  assert.deepEqual(spliced({ x: [3], y: [1] }, { x: [], y: [] }, { from: 0, to: 40 }), { x: [3], y: [1] });
});

test('what was seen closer stays until its batch comes again, or another picture is shown', () => {
  const answer = (...batches: string[]) => ({
    batches: batches.map((batch) => ({ batch, duration_s: 1, courses: [] })),
    of: 2,
    without: [],
    unreadable: [],
  });
  const first = closer(undefined, 'P', { from: 0, to: 9 }, answer('A', 'B'), true);
  const second = closer(first, 'P', { from: 2, to: 4 }, answer('A'), false);
  assert.deepEqual(
    [...second.batches].map(([batch, { from }]) => [batch, from]),
    [
      ['A', 2],
      ['B', 0],
    ],
  );
  assert.deepEqual([...closer(second, 'P', { from: 2, to: 4 }, answer('A'), true).batches.keys()], ['A']);
  assert.deepEqual([...closer(second, 'Q', { from: 2, to: 4 }, answer(), false).batches.keys()], []);
});

test('the deepest phases that have begun are the bands; one that runs goes up to now', () => {
  const phase = (key: string, start: number, end: number | null): Phase => ({
    key,
    name: key.split('\\').at(-1) ?? '',
    level: 1,
    template: '',
    start: new Date(start).toISOString(),
    end: end === null ? null : new Date(end).toISOString(),
    duration_s: null,
  });
  const phases = [phase('\\P', 0, 90), phase('\\P\\A', 0, 40), phase('\\P\\B', 40, null), phase('\\P#2', 90, 100)];
  const bands = phaseBands(phases, (at) => at, 80);
  assert.deepEqual(bands, [
    { from: 0, to: 40, name: 'A' },
    { from: 40, to: 80, name: 'B' },
  ]);
});
