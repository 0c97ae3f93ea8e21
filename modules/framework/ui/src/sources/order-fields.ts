import { ChangeDetectionStrategy, Component, input, model } from '@angular/core';
import { s } from './setup-texts';

/** The shortest reason that says something. */
export const SHORTEST = 3;

/** Why something is done, and whether although the server does not confirm it. */
@Component({
  selector: 'fw-order-fields',
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <div class="dcp-field">
      <label for="order-why">{{ s('why') }}</label>
      <textarea
        #box
        id="order-why"
        class="dcp-input"
        maxlength="1000"
        [value]="reason()"
        [attr.aria-invalid]="error() ? true : null"
        aria-describedby="order-why-note"
        (input)="reason.set(box.value)"
      ></textarea>
      @if (error()) {
        <span id="order-why-note" class="dcp-error-text">{{ error() }}</span>
      } @else {
        <span id="order-why-note" class="dcp-hint">{{ s('whyHint') }}</span>
      }
    </div>
    @if (refused()) {
      <label class="all-the-same">
        <input #same type="checkbox" [checked]="unconfirmed()" (change)="unconfirmed.set(same.checked)" />
        <span>{{ s('unconfirmed') }}</span>
      </label>
    }
  `,
  styles: `
    :host {
      display: grid;
      gap: var(--dcp-space-3);
    }
    textarea {
      min-height: 56px;
      resize: vertical;
    }
    .all-the-same {
      display: flex;
      align-items: center;
      gap: var(--dcp-space-2);
      min-height: 28px;
    }
    input[type='checkbox'] {
      width: 16px;
      height: 16px;
      margin: 0;
      flex: none;
      accent-color: var(--dcp-accent);
    }
  `,
})
export class OrderFields {
  readonly reason = model.required<string>();
  readonly unconfirmed = model.required<boolean>();
  /** What is wrong with the reason. */
  readonly error = input('');
  /** Whether the server has refused to confirm it. */
  readonly refused = input(false);
  protected readonly s = s;
}
