/** One wrong place in a request's body. */
export interface FieldError {
  /** JSON pointer into the body, `/tags/0/name`. */
  readonly pointer: string;
  readonly detail: string;
}

/** What the platform answers instead of the result: RFC 9457. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
  readonly trace_id?: string;
  readonly module?: string;
  readonly errors?: readonly FieldError[];
}

/** `type` of the problem when no answer came. */
export const UNREACHABLE = 'urn:dcp:problem:unreachable';
/** `type` of the problem when the module of the address is not running. */
export const MODULE_UNAVAILABLE = 'urn:dcp:problem:module-unavailable';

/** A request that did not succeed; `message` is the title for people. */
export class ProblemError extends Error {
  readonly type: string;
  readonly status: number;
  readonly detail: string | undefined;
  readonly traceId: string | undefined;
  readonly module: string | undefined;
  readonly errors: readonly FieldError[];
  /** The whole body: a problem may carry more, such as the call and the warnings of R. */
  readonly body: Readonly<Record<string, unknown>>;

  constructor(
    problem: Problem,
    /** When the server says it is worth trying again, in seconds. */
    readonly retryAfter?: number,
  ) {
    super(problem.title);
    this.name = 'ProblemError';
    this.type = problem.type;
    this.status = problem.status;
    this.detail = problem.detail;
    this.traceId = problem.trace_id;
    this.module = problem.module;
    this.errors = problem.errors ?? [];
    this.body = { ...problem };
  }

  /** Whether this is the caller's own cancellation rather than a failure. */
  static isAbort(error: unknown): boolean {
    return error instanceof DOMException && error.name === 'AbortError';
  }

  /** Any thrown value as a problem. */
  static from(error: unknown): ProblemError {
    if (error instanceof ProblemError) return error;
    return new ProblemError({ type: 'about:blank', title: error instanceof Error ? error.message : String(error), status: 0 });
  }
}
