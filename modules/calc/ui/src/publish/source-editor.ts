import { ChangeDetectionStrategy, Component, computed, type ElementRef, input, model, viewChild } from '@angular/core';
import { t } from '../texts';
import type { Trouble } from './trouble';

/** Lines an empty editor has room for. */
const FEWEST_LINES = 16;

/** R source with line numbers to write or paste into; what is wrong stands at its line. */
@Component({
  selector: 'calc-source-editor',
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './source-editor.html',
  styleUrl: './source-editor.css',
})
export class SourceEditor {
  readonly source = model.required<string>();
  readonly trouble = input<Trouble>();
  protected readonly t = t;
  private readonly area = viewChild.required<ElementRef<HTMLTextAreaElement>>('area');
  protected readonly count = computed(() => Math.max(FEWEST_LINES, this.source().split('\n').length));
  protected readonly numbers = computed(() => Array.from({ length: this.count() }, (_, index) => index + 1));
  /** R shows the source around the place as well. */
  protected readonly firstLine = computed(() => this.trouble()?.text.split('\n')[0] ?? '');
  /** The widest line, so that only the frame scrolls. */
  protected readonly width = computed(() =>
    Math.max(
      60,
      ...this.source()
        .split('\n')
        .map((line) => line.length + 2),
    ),
  );

  /** Puts the cursor at the start of a line. */
  goTo(line: number): void {
    const before = this.source()
      .split('\n')
      .slice(0, line - 1);
    const at = before.reduce((sum, text) => sum + text.length + 1, 0);
    const area = this.area().nativeElement;
    area.focus();
    area.setSelectionRange(at, at);
  }
}
