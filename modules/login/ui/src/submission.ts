import { DestroyRef, inject, signal, type Signal } from '@angular/core';
import { ProblemError, serverText } from '@dcp/api-service';

/** The sending of a form: whether it is under way, what went wrong, and how long to wait before the next try. */
export interface Submission {
  readonly busy: Signal<boolean>;
  readonly problem: Signal<ProblemError | undefined>;
  /** Seconds until the server takes another try. */
  readonly wait: Signal<number>;
  send(work: () => Promise<void>): void;
}

/** Makes the state of a form; call it while its component is being made. */
export function submission(): Submission {
  const busy = signal(false);
  const problem = signal<ProblemError | undefined>(undefined);
  const wait = signal(0);
  let timer: ReturnType<typeof setInterval> | undefined;
  const countDown = (seconds: number): void => {
    clearInterval(timer);
    wait.set(Math.ceil(seconds));
    timer = setInterval(() => {
      wait.update((left) => left - 1);
      if (wait() <= 0) clearInterval(timer);
    }, 1000);
  };
  inject(DestroyRef).onDestroy(() => clearInterval(timer));
  const run = async (work: () => Promise<void>): Promise<void> => {
    busy.set(true);
    problem.set(undefined);
    try {
      await work();
    } catch (error) {
      const found = ProblemError.from(error);
      problem.set(found);
      if (found.status === 429) countDown(found.retryAfter ?? 1);
    }
    busy.set(false);
  };
  return {
    busy: busy.asReadonly(),
    problem: problem.asReadonly(),
    wait: wait.asReadonly(),
    send: (work) => {
      if (!busy() && wait() <= 0) void run(work);
    },
  };
}

/** What the server says about one field. */
export function fieldError(problem: ProblemError | undefined, pointer: string): string {
  return serverText(problem?.errors.find((error) => error.pointer === pointer)?.detail ?? '');
}
