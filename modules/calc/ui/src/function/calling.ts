// A call from its start to its answer: what is known of it meanwhile, and how to end it.

import { computed, DestroyRef, inject, Injectable, signal } from '@angular/core';
import { ProblemError } from '@dcp/api-service';
import { isUnderWay, type CallDetail, type Envelope, type Progress } from '../model';
import { server } from '../place';
import type { CallOrder } from '../server';

/** How a call ends without a value after its function began. */
const ENDED_IN_R: readonly string[] = ['cancelled', 'r-error', 'timed-out', 'worker-crashed'];

/** Between two looks at a call that goes on. */
const LOOK_MS = 700;

export type Phase = 'idle' | 'running' | 'done' | 'failed' | 'cancelled';

/** The call of a page; leaving the page does not end it. */
@Injectable()
export class Calling {
  readonly phase = signal<Phase>('idle');
  readonly id = signal('');
  readonly progress = signal<Progress | null>(null);
  readonly envelope = signal<Envelope | undefined>(undefined);
  readonly cacheStatus = signal<string | null>(null);
  readonly problem = signal<ProblemError | undefined>(undefined);
  readonly detail = signal<CallDetail | undefined>(undefined);
  readonly cancelling = signal(false);
  /** What its function has told before it ended. */
  readonly partial = computed(() => this.detail()?.partial ?? []);
  readonly running = computed(() => this.phase() === 'running');
  private current: AbortController | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    inject(DestroyRef).onDestroy(() => this.leave());
  }

  /** Calls a function and follows the call. */
  async start(order: CallOrder): Promise<void> {
    const mine = this.begin(order.id);
    this.lookSoon(mine);
    try {
      const { envelope, cacheStatus } = await server().call(order, mine.signal);
      if (mine.signal.aborted) return;
      this.cacheStatus.set(cacheStatus);
      if (envelope) this.end('done', { envelope });
    } catch (error) {
      if (mine.signal.aborted || ProblemError.isAbort(error)) return;
      this.fail(ProblemError.from(error));
      void this.lookBack(mine);
    }
  }

  /** Shows a call that was made before, and follows it while it goes on. */
  async open(id: string): Promise<void> {
    const mine = this.begin(id);
    await this.look(mine, true);
  }

  /** Asks the engine to interrupt R. */
  async cancel(): Promise<void> {
    this.cancelling.set(true);
    try {
      await server().cancel(this.id());
    } catch (error) {
      // it may have ended by itself at the same moment
      if (!(error instanceof ProblemError && error.status === 404)) this.problem.set(ProblemError.from(error));
    }
  }

  /** Forgets the call; it goes on where it runs. */
  leave(): void {
    clearTimeout(this.timer);
    this.current?.abort();
    this.phase.set('idle');
  }

  private begin(id: string): AbortController {
    this.leave();
    const mine = (this.current = new AbortController());
    this.id.set(id);
    this.progress.set(null);
    this.envelope.set(undefined);
    this.cacheStatus.set(null);
    this.problem.set(undefined);
    this.detail.set(undefined);
    this.cancelling.set(false);
    this.phase.set('running');
    return mine;
  }

  private lookSoon(mine: AbortController): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.look(mine, false), LOOK_MS);
  }

  /** Reads how far the call is; where that cannot be told, the answer to the call itself still comes. */
  private async look(mine: AbortController, alone: boolean): Promise<void> {
    try {
      const detail = await server().oneCall(this.id(), mine.signal);
      if (mine.signal.aborted || !this.running()) return;
      this.detail.set(detail);
      this.progress.set(detail.progress);
      if (!isUnderWay(detail.state)) {
        this.ended(detail);
        return;
      }
    } catch (error) {
      if (mine.signal.aborted || ProblemError.isAbort(error) || !this.running()) return;
      if (alone) {
        this.fail(ProblemError.from(error));
        return;
      }
    }
    this.lookSoon(mine);
  }

  /** What a call that gave no value had told; where nothing is recorded of it there is nothing to show. */
  private async lookBack(mine: AbortController): Promise<void> {
    const kind = this.problem()?.type.split(':').at(-1) ?? 'cancelled';
    if (!ENDED_IN_R.includes(kind)) return;
    try {
      const detail = await server().oneCall(this.id(), mine.signal);
      if (!mine.signal.aborted) this.detail.set(detail);
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
    }
  }

  private ended(detail: CallDetail): void {
    if (detail.envelope) this.end('done', { envelope: detail.envelope });
    else if (detail.state === 'cancelled') this.end('cancelled', {});
    else if (detail.state === 'succeeded') this.end('done', {});
    else this.fail(problemOf(detail));
  }

  private fail(problem: ProblemError): void {
    if (problem.type.endsWith(':cancelled')) this.end('cancelled', {});
    else this.end('failed', { problem });
  }

  private end(phase: Phase, { envelope, problem }: { envelope?: Envelope; problem?: ProblemError }): void {
    clearTimeout(this.timer);
    this.envelope.set(envelope);
    this.problem.set(problem);
    this.phase.set(phase);
  }
}

/** Why a recorded call gave no value, as the call itself would have said it. */
function problemOf({ failure, state }: CallDetail): ProblemError {
  if (!failure) return new ProblemError({ type: 'about:blank', title: state, status: 0 });
  const { kind, title, detail } = failure;
  return new ProblemError({ type: `urn:dcp:problem:${kind}`, title, status: 0, ...(detail ? { detail } : {}) });
}
