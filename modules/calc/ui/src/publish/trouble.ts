// What is wrong with a source, as R or the engine says it, and in which line.

import { problemDetail, problemParts, problemTitle, type ProblemError } from '@dcp/api-service';
import { lineIn } from './reading';

export interface Trouble {
  /** Counted from 1; missing when R names none. */
  readonly line: number | undefined;
  /** The file of a folder; missing when a source is one text. */
  readonly file: string | undefined;
  readonly text: string;
}

/** What a refused publication says, with the line of the source. */
export function troubleOf(problem: ProblemError): Trouble {
  const { line, file } = problem.body;
  // what is wrong with a folder names its files already
  const parts = /:(invalid-folder|tests-failed)$/.test(problem.type) ? [] : problemParts(problem).map(({ detail }) => detail);
  const text = [problemDetail(problem), ...parts].filter(Boolean).join(' ');
  const pointed = problem.errors.map(({ pointer }) => /(\d+)$/.exec(pointer)?.[1]).find(Boolean);
  return {
    line: typeof line === 'number' ? line : pointed ? Number(pointed) : lineIn(text),
    file: typeof file === 'string' ? file : undefined,
    text: text || problemTitle(problem),
  };
}
