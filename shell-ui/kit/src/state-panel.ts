import { ChangeDetectionStrategy, Component, computed, input } from '@angular/core';
import type { Loadable } from './loadable';
import { ProblemPanel } from './problem-panel';
import { words } from './texts';

/**
 * The three states every view has besides its content: loading, nothing there, failed. The content is projected and shows once a
 * value is known; put the next step of an empty view into an element with the attribute `emptyAction`.
 */
@Component({
  selector: 'dcp-state',
  imports: [ProblemPanel],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    @switch (shown()) {
      @case ('loading') {
        <div class="loading" role="status" [attr.aria-label]="t('loading')">
          @for (line of lines(); track line) {
            <div class="dcp-skeleton"></div>
          }
        </div>
      }
      @case ('problem') {
        <dcp-problem [problem]="of().problem()!" (retry)="of().reload()" />
      }
      @case ('empty') {
        <div class="dcp-state">
          <h2>{{ emptyTitle() }}</h2>
          <p class="dcp-quiet">{{ emptyText() }}</p>
          <ng-content select="[emptyAction]" />
        </div>
      }
      @default {
        @if (of().problem()) {
          <div class="stale" role="status">
            <span>{{ t('stale') }}</span>
            <button type="button" class="dcp-button" (click)="of().reload()">{{ t('retry') }}</button>
          </div>
        }
        <ng-content />
      }
    }
  `,
  styles: `
    :host {
      display: block;
      min-height: 0;
    }
    .loading {
      display: grid;
      gap: var(--dcp-space-2);
      padding: var(--dcp-space-3);
      /* a short wait shows nothing */
      animation: appear 0s linear 300ms both;
    }
    .loading > div {
      height: 20px;
    }
    .stale {
      display: flex;
      align-items: center;
      gap: var(--dcp-space-3);
      margin-bottom: var(--dcp-space-2);
      padding: var(--dcp-space-1) var(--dcp-space-3);
      background: var(--dcp-warning-surface);
      color: var(--dcp-warning);
    }
    @keyframes appear {
      from {
        visibility: hidden;
      }
    }
  `,
})
export class StatePanel {
  readonly of = input.required<Omit<Loadable<unknown>, 'set'>>();
  /** Whether the value that was read holds nothing. */
  readonly empty = input(false);
  readonly emptyTitle = input('');
  readonly emptyText = input('');
  /** Lines of the skeleton. */
  readonly rows = input(5);
  protected readonly t = words;
  protected readonly lines = computed(() => Array.from({ length: this.rows() }, (_, index) => index));
  protected readonly shown = computed(() => {
    const of = this.of();
    if (of.value() === undefined) return of.problem() ? 'problem' : 'loading';
    return this.empty() ? 'empty' : 'content';
  });
}
