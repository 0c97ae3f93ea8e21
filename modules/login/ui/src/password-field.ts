import { ChangeDetectionStrategy, Component, input, model, signal } from '@angular/core';
import { t } from './texts';

let last = 0;

/** A password with its label, a hint or an error, and a way to see what one types. */
@Component({
  selector: 'login-password',
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <div class="dcp-field">
      <label [for]="id">{{ label() }}</label>
      <span class="box">
        <input
          #field
          class="dcp-input"
          [id]="id"
          [name]="autocomplete()"
          [type]="shown() ? 'text' : 'password'"
          [attr.autocomplete]="autocomplete()"
          [value]="value()"
          [attr.aria-invalid]="error() ? true : null"
          [attr.aria-describedby]="error() || hint() ? id + '-note' : null"
          (input)="value.set(field.value)"
        />
        <button
          type="button"
          class="dcp-button"
          [attr.aria-pressed]="shown()"
          [attr.aria-label]="t(shown() ? 'hide' : 'show')"
          (click)="shown.set(!shown())"
        >
          <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
            <path d="M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8Z" />
            <circle cx="8" cy="8" r="2" />
          </svg>
        </button>
      </span>
      @if (error()) {
        <span class="dcp-error-text" [id]="id + '-note'">{{ error() }}</span>
      } @else if (hint()) {
        <span class="dcp-hint" [id]="id + '-note'">{{ hint() }}</span>
      }
    </div>
  `,
  styles: `
    .box {
      display: flex;
      gap: var(--dcp-space-1);
    }
    input {
      flex: 1;
      min-height: 36px;
    }
    button {
      padding: 0 var(--dcp-space-2);
    }
    svg {
      fill: none;
      stroke: currentColor;
      stroke-width: 1.5;
    }
  `,
})
export class PasswordField {
  readonly label = input.required<string>();
  readonly autocomplete = input.required<'current-password' | 'new-password'>();
  readonly hint = input('');
  readonly error = input('');
  readonly value = model('');
  protected readonly t = t;
  protected readonly id = `login-password-${++last}`;
  protected readonly shown = signal(false);
}
