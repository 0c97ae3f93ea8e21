import { ChangeDetectionStrategy, Component, input, output } from '@angular/core';
import { Dialog } from '@dcp/kit';
import type { UserAccount } from '../model';
import { t } from '../texts';

/** Asks once before a user is shut out, saying what will happen. */
@Component({
  selector: 'adm-deactivate',
  imports: [Dialog],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <dcp-dialog [open]="true" [heading]="t('deactivateTitle', { name: user().name })" (closed)="closed.emit()">
      <p>{{ t('deactivateText', { name: user().name }) }}</p>
      <ng-container dialogActions>
        <button type="button" class="dcp-button" (click)="closed.emit()">
          {{ t('cancel') }}
        </button>
        <button type="button" class="dcp-button dcp-button--danger" (click)="confirmed.emit()">
          {{ t('deactivate') }}
        </button>
      </ng-container>
    </dcp-dialog>
  `,
})
export class DeactivateDialog {
  readonly user = input.required<UserAccount>();
  readonly closed = output();
  readonly confirmed = output();
  protected readonly t = t;
}
