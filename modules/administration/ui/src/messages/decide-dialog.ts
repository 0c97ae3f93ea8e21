import { ChangeDetectionStrategy, Component, computed, input, output, signal } from '@angular/core';
import { ProblemError } from '@dcp/api-service';
import { Dialog, loadable, ProblemPanel, shared, StatePanel } from '@dcp/kit';
import { t } from '../texts';
import { server, type Choice, type Place, type Verdict } from './model';

const SHORTEST = 3;
const LONGEST = 1000;

/** Asks for the reason of a decision, says how many it concerns, and shows how far it is. */
@Component({
  selector: 'adm-decide',
  imports: [Dialog, ProblemPanel, StatePanel],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './decide-dialog.html',
  styles: `
    progress {
      width: 100%;
      accent-color: var(--dcp-accent);
    }
    textarea {
      min-height: 72px;
      resize: vertical;
    }
  `,
})
export class DecideDialog {
  readonly place = input.required<Place>();
  readonly verdict = input.required<Verdict>();
  readonly choice = input.required<Choice>();
  readonly closed = output();
  /** How many were decided. */
  readonly finished = output<number>();

  protected readonly t = t;
  protected readonly longest = LONGEST;
  protected readonly why = signal('');
  protected readonly checked = signal(false);
  protected readonly running = signal(false);
  protected readonly stopped = signal(false);
  protected readonly done = signal(0);
  protected readonly problem = signal<ProblemError | undefined>(undefined);
  /** Counts before anything is decided. */
  protected readonly counted = loadable({
    load: () => server.decide(this.place(), this.verdict(), { ...this.choice(), dry_run: true }),
  });
  protected readonly matched = computed(() => this.counted.value()?.matched ?? 0);
  protected readonly whyError = computed(() => {
    shared.language();
    return this.checked() && this.why().trim().length < SHORTEST ? t('whyNeeded') : '';
  });
  protected readonly heading = computed(() => t(this.verdict() === 'replay' ? 'replayTitle' : 'discardTitle'));
  protected readonly consequence = computed(() => t(this.verdict() === 'replay' ? 'replayText' : 'discardText', { count: this.matched() }));

  /** Goes on batch by batch; closing the dialog ends it after the present one. */
  protected async decide(): Promise<void> {
    this.checked.set(true);
    if (this.whyError() || this.running()) return;
    this.running.set(true);
    this.problem.set(undefined);
    try {
      let before = this.counted.value()?.before;
      for (;;) {
        const order = { ...this.choice(), why: this.why().trim(), ...(before === undefined ? {} : { before }) };
        const answer = await server.decide(this.place(), this.verdict(), order);
        before = answer.before;
        this.done.update((count) => count + answer.done);
        if (answer.remaining === 0) break;
        if (answer.done === 0) throw new ProblemError({ type: 'about:blank', title: t('refused', { count: answer.refused }), status: 0 });
        if (this.stopped()) break;
      }
      this.finished.emit(this.done());
    } catch (error) {
      this.problem.set(ProblemError.from(error));
    }
    this.running.set(false);
  }

  protected close(): void {
    if (this.running()) this.stopped.set(true);
    else this.closed.emit();
  }
}
