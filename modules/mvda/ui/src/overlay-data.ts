// The backend's answer to an overlay, read while it arrives.

import { api, ProblemError, UNREACHABLE } from '@dcp/api-service';
import type { OverlayAnswer, OverlayPart } from './contract';
import { follow, lines } from './overlay-parts';

/** So often what has come is shown: drawing costs more than reading. */
const SHOW_EVERY_MS = 200;

/** A stretch of the common axis: in seconds since the beginning, or in percent of the whole. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly align: 'elapsed' | 'maturity';
  /** Seconds that are 100 % of a batch that runs. */
  readonly usual_s?: number;
}

export interface OverlayRequest {
  readonly tags: readonly string[];
  readonly unit: string;
  readonly batches: readonly string[];
  /** Key of a phase; the whole batches without it. */
  readonly phase?: string;
  /** The stretch of the axis that is shown; all of it without. */
  readonly stretch?: Stretch;
  readonly points: number;
  readonly reload: boolean;
}

/** Reads an overlay; `meanwhile` is told of the first batch at once, and then now and then. */
export async function readOverlay(
  path: string,
  { tags, unit, batches, phase, stretch, points, reload }: OverlayRequest,
  signal: AbortSignal,
  meanwhile: (soFar: OverlayAnswer) => void = () => undefined,
): Promise<OverlayAnswer> {
  const query = { tag: tags, unit, batch: batches, points, ...(phase ? { phase } : {}), ...stretch, ...(reload ? { reload: 'true' } : {}) };
  const answer = await api.answer(path, { query, signal, headers: { Accept: 'application/x-ndjson, application/problem+json' } });
  let read: OverlayAnswer = { batches: [], of: 0, without: [], unreadable: [] };
  let shown = -Infinity;
  for await (const part of lines<OverlayPart>(answer)) {
    if ('end' in part) return read;
    if ('problem' in part) throw new ProblemError(part.problem);
    read = follow(read, part);
    const now = performance.now();
    if (read.batches.length && now - shown >= SHOW_EVERY_MS) {
      shown = now;
      meanwhile(read);
    }
  }
  // the connection was cut in the middle
  throw new ProblemError({ type: UNREACHABLE, title: 'The platform cannot be reached', status: 0 });
}
