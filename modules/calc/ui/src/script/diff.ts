// A comparison of two sources as people read it: numbered on both sides, long unchanged stretches folded.

import type { SourceLine } from '../model';

export interface DiffLine extends SourceLine {
  /** Line number in the older source. */
  readonly before: number | undefined;
  /** Line number in the newer source. */
  readonly after: number | undefined;
}

/** Unchanged lines that nobody needs to see; `from` is the place of the first in the whole comparison. */
export interface Fold {
  readonly from: number;
  readonly lines: readonly DiffLine[];
}

/** Unchanged lines that stay in sight around a change. */
const CONTEXT = 3;

/** Numbers the lines of both sources. */
export function numbered(lines: readonly SourceLine[]): readonly DiffLine[] {
  let [before, after] = [0, 0];
  return lines.map((line) => ({
    ...line,
    before: line.kind === 'added' ? undefined : ++before,
    after: line.kind === 'removed' ? undefined : ++after,
  }));
}

/** Lines and folds in their order. */
export function folded(lines: readonly DiffLine[]): readonly (DiffLine | Fold)[] {
  const near = lines.map((_, at) => lines.slice(Math.max(0, at - CONTEXT), at + CONTEXT + 1).some(({ kind }) => kind !== 'same'));
  const out: (DiffLine | Fold)[] = [];
  for (let at = 0; at < lines.length;) {
    const line = lines[at] as DiffLine;
    let end = at;
    while (end < lines.length && !near[end]) end += 1;
    // a fold of one line saves nothing
    if (end - at > 1) out.push({ from: at, lines: lines.slice(at, end) });
    else out.push(line);
    at = Math.max(at + 1, end - at > 1 ? end : at + 1);
  }
  return out;
}

export function isFold(one: DiffLine | Fold): one is Fold {
  return 'lines' in one;
}
