import { ChangeDetectionStrategy, Component, computed, input, output, signal } from '@angular/core';
import { followLink, may, ProblemError, toast } from '@dcp/api-service';
import { ProblemPanel, shared } from '@dcp/kit';
import { CALL, short, type Recomputed } from '../model';
import { link, server } from '../place';
import { t } from './texts';

/** Calculates a result that is no longer kept again, as its record says, and tells whether it is the same. */
@Component({
  selector: 'calc-recompute',
  imports: [ProblemPanel],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <button
      type="button"
      class="dcp-button"
      [disabled]="!allowed() || busy()"
      [title]="allowed() ? '' : t('keepNeeds', { permission })"
      (click)="recompute()"
    >
      {{ t(busy() ? 'calculating' : 'again') }}
    </button>
    @if (told(); as other) {
      <p role="alert">
        {{ t(difference(other), { key: short(other.expected) }) }}
        <a [href]="link('calls/' + other.call_id)" (click)="follow($event)">{{ t('callId') }}</a>
      </p>
    }
    @if (problem(); as failed) {
      <dcp-problem [problem]="failed" [retryable]="false" />
    }
  `,
})
export class Recompute {
  readonly key = input.required<string>();
  /** The value is the same, and kept again. */
  readonly same = output();
  protected readonly t = t;
  protected readonly link = link;
  protected readonly short = short;
  protected readonly follow = followLink;
  protected readonly permission = CALL;
  protected readonly busy = signal(false);
  /** What was calculated, where it is another value. */
  protected readonly told = signal<Recomputed | undefined>(undefined);
  protected readonly problem = signal<ProblemError | undefined>(undefined);
  protected readonly allowed = computed(() => {
    shared.session();
    return may(CALL, shared.address().site);
  });

  protected difference({ deviation, same_computation }: Recomputed): 'deviates' | 'volatile' | 'otherComputation' {
    if (deviation) return 'deviates';
    return same_computation ? 'volatile' : 'otherComputation';
  }

  protected async recompute(): Promise<void> {
    this.busy.set(true);
    this.problem.set(undefined);
    this.told.set(undefined);
    try {
      const told = await server().recompute(this.key());
      if (told.same) {
        toast(t('sameAgain'));
        this.same.emit();
      } else this.told.set(told);
    } catch (error) {
      this.problem.set(ProblemError.from(error));
    }
    this.busy.set(false);
  }
}
