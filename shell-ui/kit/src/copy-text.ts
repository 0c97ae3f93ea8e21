import { ChangeDetectionStrategy, Component, input, signal } from '@angular/core';
import { Icon } from './icon';
import { words } from './texts';

/** How long the control says that it has copied. */
const SAID_MS = 2000;

/** An identifier in a monospaced face with a button that copies it. */
@Component({
  selector: 'dcp-copy',
  imports: [Icon],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <code>{{ text() }}</code>
    <button type="button" [attr.aria-label]="t('copy') + ' ' + text()" [title]="t('copy')" (click)="copy()">
      <dcp-icon [name]="copied() ? 'check' : 'copy'" [size]="14" />
    </button>
    <span class="dcp-unseen" role="status">{{ copied() ? t('copied') : '' }}</span>
  `,
  styles: `
    :host {
      display: inline-flex;
      align-items: center;
      gap: 2px;
    }
    button {
      display: inline-flex;
      align-items: center;
      justify-content: center;
      width: 24px;
      height: 24px;
      padding: 0;
      border: 0;
      border-radius: var(--dcp-radius);
      background: none;
      cursor: pointer;
    }
    button:hover {
      background: var(--dcp-hover);
    }
  `,
})
export class CopyText {
  readonly text = input.required<string>();
  protected readonly t = words;
  protected readonly copied = signal(false);

  protected async copy(): Promise<void> {
    await navigator.clipboard.writeText(this.text());
    this.copied.set(true);
    setTimeout(() => this.copied.set(false), SAID_MS);
  }
}
