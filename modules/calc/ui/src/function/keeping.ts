import { ChangeDetectionStrategy, Component, computed, input, signal } from '@angular/core';
import { formatTime, may, toast } from '@dcp/api-service';
import { loadable, shared } from '@dcp/kit';
import { CALL, type ResultFacts } from '../model';
import { ReasonDialog } from '../parts/reason-dialog';
import { server } from '../place';
import { t } from './texts';

const CLASSES = { ephemeral: 'classEphemeral', session: 'classSession', retained: 'classRetained' } as const;

/** How long a result is kept, who wanted that, and the button that keeps it for good. */
@Component({
  selector: 'calc-keeping',
  imports: [ReasonDialog],
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
  protected readonly keep = async (reason: string): Promise<void> => {
    this.kept.set(await server().retain(this.key(), reason));
    toast(t('keptDone'));
  };
  protected readonly allowed = computed(() => {
    shared.session();
    return may(CALL, shared.address().site);
  });

  protected when(at: string): string {
    shared.clock();
    return formatTime(at);
  }
}
