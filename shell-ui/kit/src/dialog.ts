import { afterRenderEffect, ChangeDetectionStrategy, Component, type ElementRef, input, output, viewChild } from '@angular/core';
import { Icon } from './icon';
import { words } from './texts';

let last = 0;

/**
 * A modal dialog on the browser's own element: focus stays inside, Esc closes with nothing saved, focus returns to where it was.
 * Put the buttons into an element with the attribute `dialogActions`.
 */
@Component({
  selector: 'dcp-dialog',
  imports: [Icon],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <dialog #element [attr.aria-labelledby]="id" (close)="open() && closed.emit()">
      @if (open()) {
        <header>
          <h2 [id]="id">{{ heading() }}</h2>
          <button
            type="button"
            class="dcp-button dcp-button--quiet dcp-button--icon"
            [attr.aria-label]="t('close')"
            (click)="closed.emit()"
          >
            <dcp-icon name="close" />
          </button>
        </header>
        <div class="body"><ng-content /></div>
        <footer><ng-content select="[dialogActions]" /></footer>
      }
    </dialog>
  `,
  styles: `
    dialog {
      width: min(560px, calc(100vw - 32px));
      max-height: calc(100vh - 64px);
      padding: 0;
      border: 1px solid var(--dcp-hairline);
      border-radius: var(--dcp-radius);
      background: var(--dcp-surface-raised);
      color: var(--dcp-text);
      box-shadow: var(--dcp-shadow-overlay);
    }
    dialog::backdrop {
      background: rgb(0 0 0 / 45%);
    }
    header,
    footer {
      display: flex;
      align-items: center;
      justify-content: space-between;
      gap: var(--dcp-space-2);
      padding: var(--dcp-space-2) var(--dcp-space-4);
    }
    footer {
      justify-content: flex-end;
      border-top: 1px solid var(--dcp-hairline);
    }
    .body {
      display: grid;
      gap: var(--dcp-space-3);
      padding: var(--dcp-space-2) var(--dcp-space-4) var(--dcp-space-4);
    }
  `,
})
export class Dialog {
  readonly open = input.required<boolean>();
  readonly heading = input.required<string>();
  /** The user wants it closed: by Esc, by the cross, or the browser closed it. */
  readonly closed = output();
  protected readonly t = words;
  protected readonly id = `dcp-dialog-${++last}`;
  private readonly element = viewChild.required<ElementRef<HTMLDialogElement>>('element');

  constructor() {
    afterRenderEffect(() => {
      const element = this.element().nativeElement;
      if (this.open() && !element.open) {
        element.showModal();
        // the browser would focus the cross
        element.querySelector<HTMLElement>('.body :is(input, select, textarea):not([readonly], [disabled])')?.focus();
      }
      if (!this.open() && element.open) element.close();
    });
  }
}
