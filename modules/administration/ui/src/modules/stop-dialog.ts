import { ChangeDetectionStrategy, Component, input, output } from '@angular/core';
import { Dialog } from '@dcp/kit';
import { t } from '../texts';

/** Asks once before a module is stopped for everyone. */
@Component({
  selector: 'adm-stop',
  imports: [Dialog],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <dcp-dialog [open]="true" [heading]="t('stopTitle', { title: heading() })" (closed)="closed.emit()">
      <p>{{ t('stopText', { title: heading() }) }}</p>
      <ng-container dialogActions>
        <button type="button" class="dcp-button" (click)="closed.emit()">
          {{ t('cancel') }}
        </button>
        <button type="button" class="dcp-button dcp-button--danger" (click)="confirmed.emit()">
          {{ t('stop') }}
        </button>
      </ng-container>
    </dcp-dialog>
  `,
})
export class StopDialog {
  readonly heading = input.required<string>();
  readonly closed = output();
  readonly confirmed = output();
  protected readonly t = t;
}
