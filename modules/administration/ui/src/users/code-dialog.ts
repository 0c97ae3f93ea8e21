import { ChangeDetectionStrategy, Component, computed, input, output } from '@angular/core';
import { formatTime, zoneName } from '@dcp/api-service';
import { CopyText, Dialog } from '@dcp/kit';
import { t } from '../texts';

/** A code that activates an account once. */
export interface ActivationCode {
  readonly name: string;
  readonly code: string;
  readonly until: string;
}

/** Shows an activation code; it is nowhere to be read again. */
@Component({
  selector: 'adm-code',
  imports: [CopyText, Dialog],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <dcp-dialog [open]="true" [heading]="t('codeTitle', { name: code().name })" (closed)="closed.emit()">
      <p>{{ t('codeText', { name: code().name, until: until() }) }}</p>
      <p class="code"><dcp-copy [text]="code().code" /></p>
      <button dialogActions type="button" class="dcp-button dcp-button--primary" (click)="closed.emit()">
        {{ t('close') }}
      </button>
    </dcp-dialog>
  `,
  styles: `
    .code {
      padding: var(--dcp-space-3);
      border: 1px solid var(--dcp-hairline);
      border-radius: var(--dcp-radius);
      background: var(--dcp-surface-sunken);
    }
  `,
})
export class CodeDialog {
  readonly code = input.required<ActivationCode>();
  readonly closed = output();
  protected readonly t = t;
  protected readonly until = computed(() => `${formatTime(this.code().until)} ${zoneName(this.code().until)}`);
}
