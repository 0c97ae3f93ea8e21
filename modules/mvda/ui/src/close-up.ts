// A stretch of an overlay seen closer: what is read of it takes the place of what is known of the whole, batch by batch.

import type { OverlayAnswer, OverlayBatch } from './contract';

export interface Points {
  readonly x: readonly number[];
  readonly y: readonly (number | null)[];
}

export interface Place {
  readonly from: number;
  readonly to: number;
}

/** One batch, and the stretch of the axis of which its courses tell. */
interface Seen extends Place {
  readonly courses: OverlayBatch['courses'];
}

export interface CloseUp {
  /** Of which picture: what was read for another one does not fit. */
  readonly picture: string;
  readonly batches: ReadonlyMap<string, Seen>;
}

/** What is known closer after some more was read; what came before stays in sight until its batch comes again or all was read. */
export function closer(
  before: CloseUp | undefined,
  picture: string,
  { from, to }: Place,
  { batches }: OverlayAnswer,
  complete: boolean,
): CloseUp {
  const read = batches.map(({ batch, courses }): [string, Seen] => [batch, { from, to, courses }]);
  const stay = complete || before?.picture !== picture ? [] : before.batches;
  return { picture, batches: new Map([...stay, ...read]) };
}

/** A line with a stretch of it in other points; its ends stay where they are, so that the extent of the picture does. */
export function spliced(line: Points, part: Points, { from, to }: Place): Points {
  const [first, last] = [part.x[0] ?? Infinity, part.x.at(-1) ?? -Infinity];
  const end = line.x.length - 1;
  const kept = (side: (x: number, at: number) => boolean): number[] => line.x.flatMap((x, at) => (side(x, at) ? [at] : []));
  const left = kept((x, at) => x < from || (at === 0 && x <= to && x < first));
  const right = kept((x, at) => x > to || (at === end && at > 0 && x >= from && x > last));
  const pick = <T>(of: readonly T[], places: readonly number[]): T[] => places.flatMap((at) => of.slice(at, at + 1));
  return {
    x: [...pick(line.x, left), ...part.x, ...pick(line.x, right)],
    y: [...pick(line.y, left), ...part.y, ...pick(line.y, right)],
  };
}
