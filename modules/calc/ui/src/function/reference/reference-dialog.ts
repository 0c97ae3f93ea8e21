import { ChangeDetectionStrategy, Component, computed, input, linkedSignal, output, signal } from '@angular/core';
import { Dialog } from '@dcp/kit';
import type { Field } from '../fields';
import { DataPicker } from './data-picker';
import { ResultPicker } from './result-picker';
import { t } from './texts';

/** Chooses what stands in the place of a value of a field, so that nobody needs to know how that is written. */
@Component({
  selector: 'calc-reference',
  imports: [DataPicker, Dialog, ResultPicker],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <dcp-dialog [open]="true" [heading]="t('title', { name: field().name })" (closed)="closed.emit()">
      @if (takesData()) {
        <div class="dcp-toolbar" role="radiogroup" [attr.aria-label]="t('kind')">
          @for (one of kinds; track one) {
            <label class="choice"
              ><input type="radio" name="reference-kind" [checked]="kind() === one" (change)="choose(one)" />{{ t(one) }}</label
            >
          }
        </div>
      }
      @if (kind() === 'data') {
        <calc-data-picker (changed)="found.set($event)" />
      } @else {
        <calc-result-picker (changed)="found.set($event)" />
      }
      @if (tried() && found().missing; as text) {
        <p class="dcp-error-text" role="alert">{{ text }}</p>
      }
      <ng-container dialogActions>
        <button type="button" class="dcp-button" (click)="closed.emit()">{{ t('cancel') }}</button>
        <button type="button" class="dcp-button dcp-button--primary" (click)="take()">{{ t('take') }}</button>
      </ng-container>
    </dcp-dialog>
  `,
  styles: `
    .choice {
      display: inline-flex;
      align-items: center;
      gap: var(--dcp-space-1);
    }
    p {
      margin: 0;
    }
  `,
})
export class ReferenceDialog {
  readonly field = input.required<Field>();
  readonly closed = output();
  /** The entry of the field. */
  readonly chosen = output<string>();
  protected readonly t = t;
  protected readonly kinds = ['data', 'result'] as const;
  /** Process data are a data frame. */
  protected readonly takesData = computed(() => this.field().frame || this.field().element === 'any');
  protected readonly kind = linkedSignal<'data' | 'result'>(() => (this.field().frame ? 'data' : 'result'));
  protected readonly found = signal<{ readonly text?: string; readonly missing?: string }>({});
  protected readonly tried = signal(false);

  protected choose(kind: 'data' | 'result'): void {
    this.tried.set(false);
    this.kind.set(kind);
  }

  protected take(): void {
    this.tried.set(true);
    const { text } = this.found();
    if (text) this.chosen.emit(text);
  }
}
