// What is wrong with a source, as R or the engine says it, and in which line.

import { problemDetail, problemParts, problemTitle, type ProblemError } from '@dcp/api-service';
import { lineIn } from './reading';

export interface Trouble {
  /** Counted from 1; missing when R names none. */
  readonly line: number | undefined;
  readonly text: string;
}

/** What a refused publication says, with the line of the source. */
export function troubleOf(problem: ProblemError): Trouble {
  const line = problem.body['line'];
  const text = [problemDetail(problem), ...problemParts(problem).map(({ detail }) => detail)].filter(Boolean).join(' ');
  const pointed = problem.errors.map(({ pointer }) => /(\d+)$/.exec(pointer)?.[1]).find(Boolean);
  return {
    line: typeof line === 'number' ? line : pointed ? Number(pointed) : lineIn(text),
    text: text || problemTitle(problem),
  };
}
