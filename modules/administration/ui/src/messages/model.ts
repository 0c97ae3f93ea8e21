import { api, ProblemError, type Localized } from '@dcp/api-service';
import { server as modules } from '../model';

/** One queue that a module reads. */
export interface QueueState {
  readonly queue: string;
  readonly type: string | null;
  readonly ordered: boolean;
  readonly depth: number | null;
  readonly parked: number;
  readonly retrying: number;
  readonly dead_letters: number;
  readonly braked: boolean;
}

/** What a module has to send and has received. */
export interface Overview {
  readonly outbox: { readonly waiting: number; readonly oldest: string | null; readonly kept: number };
  readonly queues: readonly QueueState[];
  readonly dead_letters: number;
  readonly bus_answers: boolean;
}

/** Dead letters of one type, in one queue, for one reason. */
export interface Group {
  readonly queue: string;
  readonly type: string;
  readonly reason: string;
  readonly count: number;
  readonly ordered: boolean;
  readonly oldest: string;
  readonly newest: string;
}

/** A message that no reaction could take. */
export interface Letter {
  readonly queue: string;
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly key: string;
  readonly ordered: boolean;
  readonly reason: string;
  readonly attempts: number;
  readonly at: string;
  readonly sent_at: string | null;
  readonly trace_id: string | null;
  /** Only when one is asked for by its id. */
  readonly body?: unknown;
}

/** What somebody decided about a dead letter. */
export interface Decision {
  readonly queue: string;
  readonly id: string;
  readonly type: string;
  readonly decision: 'replayed' | 'discarded';
  readonly by: string;
  readonly why: string;
  readonly at: string;
}

/** A module on a node. */
export interface Place {
  readonly module: string;
  readonly node: string;
  readonly title: Localized;
}

/** Everything about the messages of one module, or why it cannot be told. */
export interface Post extends Place {
  readonly overview?: Overview;
  readonly groups: readonly Group[];
  readonly decisions: readonly Decision[];
  readonly problem?: ProblemError;
}

/** Which dead letters: those for which everything that is given fits. */
export interface Choice {
  readonly queue?: string;
  readonly type?: string;
  readonly reason?: string;
  readonly id?: string;
}

export type Verdict = 'replay' | 'discard';

/** What became of an order so far. */
export interface Decided {
  readonly matched: number;
  readonly done: number;
  readonly refused: number;
  readonly remaining: number;
  readonly before: string;
}

interface Order extends Choice {
  readonly why?: string;
  readonly before?: string;
  readonly dry_run?: boolean;
}

const at = (place: Place, path: string): string => `/api/${encodeURIComponent(place.module)}/${path}`;

async function post(place: Place, signal: AbortSignal): Promise<Post | undefined> {
  const from = { signal, node: place.node };
  try {
    const [overview, groups, decisions] = await Promise.all([
      api.get<Overview>(at(place, 'messages'), from),
      api.get<readonly Group[]>(at(place, 'dead-letters/groups'), from),
      api.get<readonly Decision[]>(at(place, 'dead-letters/decisions'), from),
    ]);
    return { ...place, overview, groups, decisions };
  } catch (error) {
    if (ProblemError.isAbort(error)) throw error;
    const problem = ProblemError.from(error);
    // a module without a database sends and receives nothing
    return problem.status === 404 ? undefined : { ...place, groups: [], decisions: [], problem };
  }
}

/** The requests of this page. */
export const server = {
  /** The messages of every module; one that cannot be reached hides none of the others. */
  posts: async (signal: AbortSignal): Promise<readonly Post[]> => {
    const places = await modules.modules(signal);
    const posts = await Promise.all(places.map(({ module, node, title }) => post({ module, node, title }, signal)));
    return posts.filter((one) => one !== undefined);
  },
  letters: (place: Place, choice: Choice, signal: AbortSignal) =>
    api.get<readonly Letter[]>(at(place, 'dead-letters'), { signal, node: place.node, query: { ...choice } }),
  decide: (place: Place, verdict: Verdict, order: Order) =>
    api.post<Decided>(at(place, `dead-letters/${verdict}`), order, { node: place.node }),
};
