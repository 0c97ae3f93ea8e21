// What an overlay is made of: the lines of the answer one by one, and phases as bands.

import type { TrendBand } from '@dcp/charts';
import type { OverlayAnswer, OverlayPart, Phase } from './contract';

/** What is known after one more line. */
export function follow(read: OverlayAnswer, part: OverlayPart): OverlayAnswer {
  if ('begin' in part) return { ...read, of: part.begin.batches, without: part.begin.without_phase, unreadable: part.begin.unreadable };
  return 'batch' in part ? { ...read, batches: [...read.batches, part.batch] } : read;
}

/** The JSON documents of an answer that has one in each line. */
export async function* lines<T>(answer: Response): AsyncGenerator<T> {
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  while (reader) {
    const { done, value } = await reader.read();
    if (done) return;
    const parts = (rest + value).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) if (part) yield JSON.parse(part) as T;
  }
}

/** The deepest phases, which follow each other, as bands; `at` says where an instant stands on the axis. */
export function phaseBands(phases: readonly Phase[], at: (instant: number) => number, now: number): TrendBand[] {
  const begun = phases.filter((phase) => Date.parse(phase.start) <= now);
  const deepest = begun.filter((phase) => !begun.some((other) => other.key.startsWith(`${phase.key}\\`)));
  return deepest
    .map((phase) => ({ from: at(Date.parse(phase.start)), to: at(phase.end ? Date.parse(phase.end) : now), name: phase.name }))
    .sort((a, b) => a.from - b.from);
}
