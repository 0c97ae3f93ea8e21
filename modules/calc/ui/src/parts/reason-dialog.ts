import { ChangeDetectionStrategy, Component, computed, input, output, signal } from '@angular/core';
import { ProblemError } from '@dcp/api-service';
import { Dialog, ProblemPanel } from '@dcp/kit';
import { t } from '../texts';

/** Asks why somebody does something that is recorded with a reason, and does it. What it means stands inside. */
@Component({
  selector: 'calc-reason-dialog',
  imports: [Dialog, ProblemPanel],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <dcp-dialog [open]="true" [heading]="heading()" (closed)="closed.emit()">
      <ng-content />
      <div class="dcp-field">
        <label for="reason">{{ t(optional() ? 'reasonOptional' : 'reason') }}</label>
        <textarea
          #text
          id="reason"
          class="dcp-input"
          rows="3"
          aria-describedby="reason-hint"
          [attr.maxlength]="limit()"
          [attr.aria-invalid]="lacks() ? true : null"
          [value]="reason()"
          (input)="reason.set(text.value)"
        ></textarea>
        <span id="reason-hint" [class]="lacks() ? 'dcp-error-text' : 'dcp-hint'">{{ hint() || t('reasonHint') }}</span>
      </div>
      @if (problem(); as failed) {
        <dcp-problem [problem]="failed" [retryable]="false" />
      }
      <ng-container dialogActions>
        <button type="button" class="dcp-button" (click)="closed.emit()">{{ t('cancel') }}</button>
        <button type="button" class="dcp-button {{ look() }}" [disabled]="busy()" (click)="confirm()">{{ action() }}</button>
      </ng-container>
    </dcp-dialog>
  `,
})
export class ReasonDialog {
  readonly heading = input.required<string>();
  /** What the button says. */
  readonly action = input.required<string>();
  readonly act = input.required<(reason: string) => Promise<void>>();
  readonly look = input('dcp-button--primary');
  readonly hint = input('');
  readonly optional = input(false);
  /** Characters, at most. */
  readonly limit = input<number>();
  /** It was done, or the user wants nothing done. */
  readonly closed = output();
  protected readonly t = t;
  protected readonly reason = signal('');
  protected readonly busy = signal(false);
  protected readonly problem = signal<ProblemError | undefined>(undefined);
  protected readonly lacks = computed(() => this.tried() && !this.optional() && !this.reason().trim());
  private readonly tried = signal(false);

  protected async confirm(): Promise<void> {
    this.tried.set(true);
    if (this.lacks() || this.busy()) return;
    this.busy.set(true);
    try {
      await this.act()(this.reason().trim());
      this.closed.emit();
    } catch (error) {
      this.problem.set(ProblemError.from(error));
    }
    this.busy.set(false);
  }
}
