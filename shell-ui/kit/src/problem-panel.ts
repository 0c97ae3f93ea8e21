import { ChangeDetectionStrategy, Component, computed, input, output } from '@angular/core';
import { problemAdvice, problemDetail, problemParts, problemTitle, type ProblemError } from '@dcp/api-service';
import { CopyText } from './copy-text';
import { shared } from './signals';
import { words } from './texts';

/** Says what went wrong, in which module, what to do, and gives the trace id to copy. */
@Component({
  selector: 'dcp-problem',
  imports: [CopyText],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <div class="dcp-state dcp-state--error" role="alert">
      <h2>{{ title() }}</h2>
      @if (detail(); as text) {
        <p>{{ text }}</p>
      }
      @if (problem().retryAfter; as seconds) {
        <p>{{ t('tryLater', { seconds }) }}</p>
      }
      @if (advice(); as text) {
        <p>{{ text }}</p>
      }
      @for (error of parts(); track error.pointer) {
        <p class="dcp-small">
          <code>{{ error.pointer }}</code> {{ error.detail }}
        </p>
      }
      @if (problem().module || problem().traceId) {
        <p class="dcp-small dcp-quiet origin">
          @if (problem().module; as name) {
            <span>{{ t('module') }}: {{ name }}</span>
          }
          @if (problem().traceId; as id) {
            <span>{{ t('traceId') }}: <dcp-copy [text]="id" /></span>
          }
        </p>
      }
      @if (retryable()) {
        <button type="button" class="dcp-button" (click)="retry.emit()">{{ t('retry') }}</button>
      }
    </div>
  `,
  styles: `
    .origin {
      display: flex;
      flex-wrap: wrap;
      gap: var(--dcp-space-4);
    }
  `,
})
export class ProblemPanel {
  readonly problem = input.required<ProblemError>();
  readonly retryable = input(true);
  readonly retry = output();
  protected readonly t = words;
  protected readonly title = computed(() => {
    shared.language();
    return problemTitle(this.problem());
  });
  protected readonly advice = computed(() => {
    shared.language();
    return problemAdvice(this.problem());
  });
  protected readonly parts = computed(() => {
    shared.language();
    return problemParts(this.problem());
  });
  protected readonly detail = computed(() => {
    shared.language();
    return problemDetail(this.problem());
  });
}
