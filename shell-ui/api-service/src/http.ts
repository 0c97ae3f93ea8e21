import { address, navigate } from './address';
import { connection } from './connection';
import { ProblemError, UNREACHABLE, type Problem } from './problem';

type Scalar = string | number | boolean;

/** What a request may say besides its path. */
export interface RequestOptions {
  /** Query parameters; a list repeats the parameter, `undefined` leaves it out. */
  readonly query?: Readonly<Record<string, Scalar | readonly Scalar[] | undefined>>;
  readonly signal?: AbortSignal;
  /** The site the request is about, when it is not the one in the address. */
  readonly site?: string;
  /** The node whose instance of the module is meant, where several nodes host it. */
  readonly node?: string;
  /** A 401 is an answer to show here, not the end of the session. */
  readonly anonymous?: boolean;
  /** Further headers, such as those of HTTP caching. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** What a request may say whose answer is taken as it is. */
export interface AnswerOptions extends RequestOptions {
  readonly method?: Method;
  /** The body: JSON that is written already. */
  readonly text?: string;
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

function locate(path: string, query: RequestOptions['query']): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value === undefined) continue;
    for (const one of Array.isArray(value) ? (value as readonly Scalar[]) : [value as Scalar]) parameters.append(name, String(one));
  }
  const search = parameters.toString();
  return search ? `${path}?${search}` : path;
}

async function send(path: string, { method = 'GET', text, ...options }: AnswerOptions): Promise<Response> {
  const headers = new Headers({ Accept: 'application/json, application/problem+json', ...options.headers });
  const site = options.site ?? address.value.site;
  if (site !== undefined) headers.set('DCP-Site', site);
  if (options.node !== undefined) headers.set('DCP-Node', options.node);
  // the edge takes changes only as JSON: a foreign page's form cannot send it
  if (method !== 'GET') headers.set('Content-Type', 'application/json');
  try {
    const answer = await fetch(locate(path, options.query), {
      method,
      headers,
      body: text ?? null,
      credentials: 'same-origin',
      ...(options.signal ? { signal: options.signal } : {}),
    });
    connection.reached();
    return answer;
  } catch (error) {
    if (ProblemError.isAbort(error)) throw error;
    connection.lost();
    throw new ProblemError({ type: UNREACHABLE, title: 'The platform cannot be reached', status: 0 });
  }
}

async function problemOf(answer: Response): Promise<ProblemError> {
  const type = answer.headers.get('Content-Type') ?? '';
  const seconds = Number(answer.headers.get('Retry-After') ?? Number.NaN);
  const retryAfter = Number.isFinite(seconds) ? seconds : undefined;
  const fallback: Problem = { type: 'about:blank', title: answer.statusText || `HTTP ${answer.status}`, status: answer.status };
  if (!type.includes('json')) return new ProblemError(fallback, retryAfter);
  try {
    return new ProblemError({ ...fallback, ...((await answer.json()) as Partial<Problem>) }, retryAfter);
  } catch {
    return new ProblemError(fallback, retryAfter);
  }
}

/** Where to sign in, coming back to the present address afterwards. */
export function loginAddress(reason?: 'expired'): string {
  const here = location.pathname + location.search;
  const parameters = new URLSearchParams();
  if (reason) parameters.set('reason', reason);
  if (here !== '/' && !here.startsWith('/login')) parameters.set('return', here);
  const search = parameters.toString();
  return search ? `/login?${search}` : '/login';
}

/** What is to happen when the server no longer knows the session. */
const whenEnded = new Set<() => void>();

/** Is told when the server no longer knows the session. */
export function onSessionEnd(listener: () => void): void {
  whenEnded.add(listener);
}

function ended(): void {
  // first, because whoever listens would lead to the sign-in without saying why
  if (!location.pathname.startsWith('/login')) navigate(loginAddress('expired'));
  for (const listener of whenEnded) listener();
}

async function answerOf(path: string, options: AnswerOptions): Promise<Response> {
  const answer = await send(path, options);
  if (answer.ok) return answer;
  const problem = await problemOf(answer);
  if (problem.status === 401 && !options.anonymous) ended();
  throw problem;
}

async function request<T>(method: Method, path: string, body: unknown, options: RequestOptions): Promise<T> {
  const has = method !== 'GET' && method !== 'DELETE';
  const answer = await answerOf(path, { ...options, method, ...(has ? { text: JSON.stringify(body ?? {}) } : {}) });
  if (answer.status === 204 || answer.headers.get('Content-Length') === '0') return undefined as T;
  return (await answer.json()) as T;
}

/** JSON over HTTP to the modules; every failure is a `ProblemError`. */
export const api = {
  get: <T>(path: string, options: RequestOptions = {}): Promise<T> => request<T>('GET', path, undefined, options),
  post: <T>(path: string, body?: unknown, options: RequestOptions = {}): Promise<T> => request<T>('POST', path, body, options),
  put: <T>(path: string, body?: unknown, options: RequestOptions = {}): Promise<T> => request<T>('PUT', path, body, options),
  patch: <T>(path: string, body?: unknown, options: RequestOptions = {}): Promise<T> => request<T>('PATCH', path, body, options),
  /** The answer itself: files, and what stands in its head. */
  answer: (path: string, options: AnswerOptions = {}): Promise<Response> =>
    answerOf(path, { ...options, headers: { Accept: '*/*', ...options.headers } }),
  delete: <T = void>(path: string, options: RequestOptions = {}): Promise<T> => request<T>('DELETE', path, undefined, options),
};
