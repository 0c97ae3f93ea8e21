// Requests the shared client has no words for: another node, headers of HTTP caching, files.

import { address, connection, ProblemError, UNREACHABLE, type Problem } from '@dcp/api-service';

export interface Wire {
  readonly node: string;
  readonly method?: 'GET' | 'POST' | 'PUT';
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Sends a request to the engine of a node; whatever is no success is a `ProblemError`. */
export async function wire(path: string, { node, method = 'GET', body, headers = {}, signal }: Wire): Promise<Response> {
  const all = new Headers({ Accept: '*/*', 'DCP-Node': node, ...headers });
  const site = address.value.site;
  if (site !== undefined) all.set('DCP-Site', site);
  if (body !== undefined) all.set('Content-Type', 'application/json');
  const request: RequestInit = { method, headers: all, credentials: 'same-origin', body: body ?? null };
  try {
    const answer = await fetch(path, signal ? { ...request, signal } : request);
    connection.reached();
    if (answer.ok) return answer;
    throw await problemOf(answer);
  } catch (error) {
    if (error instanceof ProblemError || ProblemError.isAbort(error)) throw error;
    connection.lost();
    throw new ProblemError({ type: UNREACHABLE, title: 'The platform cannot be reached', status: 0 });
  }
}

async function problemOf(answer: Response): Promise<ProblemError> {
  const fallback: Problem = { type: 'about:blank', title: answer.statusText || `HTTP ${answer.status}`, status: answer.status };
  const wait = Number(answer.headers.get('Retry-After') ?? Number.NaN);
  const said = (await answer.json().catch(() => ({}))) as Partial<Problem>;
  return new ProblemError({ ...fallback, ...said }, Number.isFinite(wait) ? wait : undefined);
}
