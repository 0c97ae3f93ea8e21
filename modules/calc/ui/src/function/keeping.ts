import { ChangeDetectionStrategy, Component, computed, input, signal } from '@angular/core';
import { formatTime, may, ProblemError, toast } from '@dcp/api-service';
import { Dialog, loadable, ProblemPanel, shared } from '@dcp/kit';
import { CALL, type ResultFacts } from '../model';
import { server } from '../place';
import { t } from './texts';

const CLASSES = { ephemeral: 'classEphemeral', session: 'classSession', retained: 'classRetained' } as const;

/** How long a result is kept, who wanted that, and the button that keeps it for good. */
@Component({
  selector: 'calc-keeping',
  imports: [Dialog, ProblemPanel],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './keeping.html',
})
export class Keeping {
  readonly key = input.required<string>();
  protected readonly t = t;
  protected readonly permission = CALL;
  protected readonly classes = CLASSES;
  /** Where nobody can tell it, the page does without. */
  protected readonly read = loadable({ on: () => this.key(), load: (key, signal) => server().resultFacts(key, signal) });
  private readonly kept = signal<ResultFacts | undefined>(undefined);
  protected readonly facts = computed(() => {
    const kept = this.kept();
    return kept?.result_key === this.key() ? kept : this.read.value();
  });
  protected readonly asked = signal(false);
  protected readonly reason = signal('');
  protected readonly tried = signal(false);
  protected readonly busy = signal(false);
  protected readonly problem = signal<ProblemError | undefined>(undefined);
  protected readonly allowed = computed(() => {
    shared.session();
    return may(CALL, shared.address().site);
  });

  protected when(at: string): string {
    shared.clock();
    return formatTime(at);
  }

  protected ask(): void {
    this.reason.set('');
    this.tried.set(false);
    this.problem.set(undefined);
    this.asked.set(true);
  }

  protected async keep(): Promise<void> {
    this.tried.set(true);
    const reason = this.reason().trim();
    if (!reason || this.busy()) return;
    this.busy.set(true);
    try {
      this.kept.set(await server().retain(this.key(), reason));
      this.asked.set(false);
      toast(t('keptDone'));
    } catch (error) {
      this.problem.set(ProblemError.from(error));
    }
    this.busy.set(false);
  }
}
