import { ChangeDetectionStrategy, Component, computed, input, output, signal } from '@angular/core';
import { ProblemError } from '@dcp/api-service';
import { Dialog, ProblemPanel, shared } from '@dcp/kit';
import { sentence } from './model';
import { OrderFields, SHORTEST } from './order-fields';
import { s } from './setup-texts';
import { UNCONFIRMED, type Order } from './setup';

/** Something to be done to a source, and what it is called. */
export interface Step {
  readonly heading: string;
  readonly text: string;
  readonly button: string;
  readonly dangerous: boolean;
  /** Said when it is done. */
  readonly done: string;
  readonly run: (order: Omit<Order, 'seen'>) => Promise<unknown>;
}

/** Asks for the reason of a step, says what it does, and does it. */
@Component({
  selector: 'fw-step-dialog',
  imports: [Dialog, OrderFields, ProblemPanel],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <dcp-dialog [open]="true" [heading]="step().heading" (closed)="closed.emit()">
      <p>{{ step().text }}</p>
      <form id="step-form" (submit)="$event.preventDefault(); run()">
        <fw-order-fields [(reason)]="reason" [(unconfirmed)]="unconfirmed" [error]="error()" [refused]="refused()" />
      </form>
      @if (refused()) {
        <div role="status">
          <p>{{ s('refused') }}</p>
          <ul>
            @for (finding of findings(); track finding) {
              <li>{{ finding }}</li>
            }
          </ul>
        </div>
      } @else if (problem(); as failed) {
        <dcp-problem [problem]="failed" [retryable]="false" />
      }
      <ng-container dialogActions>
        <button type="button" class="dcp-button" (click)="closed.emit()">{{ s('cancel') }}</button>
        <button
          form="step-form"
          class="dcp-button"
          [class.dcp-button--primary]="!step().dangerous"
          [class.dcp-button--danger]="step().dangerous"
          [disabled]="busy()"
        >
          {{ step().button }}
        </button>
      </ng-container>
    </dcp-dialog>
  `,
})
export class StepDialog {
  readonly step = input.required<Step>();
  readonly closed = output();
  readonly finished = output();

  protected readonly s = s;
  protected readonly reason = signal('');
  protected readonly unconfirmed = signal(false);
  protected readonly busy = signal(false);
  protected readonly problem = signal<ProblemError | undefined>(undefined);
  private readonly checked = signal(false);
  protected readonly error = computed(() => {
    shared.language();
    return this.checked() && this.reason().trim().length < SHORTEST ? s('whyNeeded') : '';
  });
  protected readonly refused = computed(() => this.problem()?.type === UNCONFIRMED);
  protected readonly findings = computed(() => {
    shared.language();
    return (this.problem()?.errors ?? []).map(({ detail }) => sentence(detail));
  });

  protected async run(): Promise<void> {
    this.checked.set(true);
    if (this.error() || this.busy()) return;
    this.busy.set(true);
    this.problem.set(undefined);
    try {
      await this.step().run({ reason: this.reason(), unconfirmed: this.unconfirmed() });
      this.finished.emit();
    } catch (error) {
      this.problem.set(ProblemError.from(error));
    }
    this.busy.set(false);
  }
}
