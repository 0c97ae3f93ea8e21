import { ChangeDetectionStrategy, Component, computed, effect, output, signal, untracked } from '@angular/core';
import { formatTime } from '@dcp/api-service';
import { DataTable, loadable, shared, StatePanel, type Column } from '@dcp/kit';
import { calledOf, type Call } from '../../model';
import { server } from '../../place';
import { isPointer, resultReference } from './reference';
import { t } from './texts';

/** Older ones are found under “Calls”. */
const LATEST = 200;

/** Chooses what an earlier call gave, or a part of it. */
@Component({
  selector: 'calc-result-picker',
  imports: [DataTable, StatePanel],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <dcp-state [of]="calls" [empty]="rows().length === 0" [emptyTitle]="t('noResults')" [emptyText]="t('noResultsText')" [rows]="4">
      <dcp-table
        selectable="one"
        maxHeight="240px"
        [label]="t('results')"
        [rows]="rows()"
        [columns]="columns()"
        [key]="key"
        [(selected)]="selected"
      />
      <div class="dcp-field">
        <label for="reference-path">{{ t('path') }}</label>
        <input
          #text
          id="reference-path"
          class="dcp-input"
          spellcheck="false"
          autocomplete="off"
          aria-describedby="reference-path-hint"
          [attr.aria-invalid]="wrong() ? true : null"
          [value]="path()"
          (input)="path.set(text.value.trim())"
        />
        <span id="reference-path-hint" [class]="wrong() ? 'dcp-error-text' : 'dcp-hint'">{{ t(wrong() ? 'notPointer' : 'pathHint') }}</span>
      </div>
    </dcp-state>
  `,
  styles: `
    dcp-state {
      display: grid;
      grid-template-columns: minmax(0, 1fr);
      gap: var(--dcp-space-3);
    }
  `,
})
export class ResultPicker {
  /** The reference, or nothing and why. */
  readonly changed = output<{ readonly text?: string; readonly missing?: string }>();
  protected readonly t = t;
  protected readonly calls = loadable({
    on: () => server(),
    load: (engine, signal) => engine.calls({ state: 'done', limit: LATEST }, signal),
  });
  /** Each result once, at the latest call that gave it. */
  protected readonly rows = computed(() => {
    const known = new Set<string>();
    return (this.calls.value() ?? []).filter(({ result_key: key }) => key && !known.has(key) && known.add(key));
  });
  protected readonly key = (row: Call): string => row.result_key ?? '';
  protected readonly selected = signal<ReadonlySet<string>>(new Set());
  protected readonly path = signal('');
  protected readonly wrong = computed(() => !isPointer(this.path()));
  protected readonly columns = computed<readonly Column<Call>[]>(() => {
    shared.language();
    return [
      { id: 'function', header: () => t('function'), value: (row) => this.named(row), mono: true, width: 'minmax(140px, 2fr)' },
      { id: 'by', header: () => t('by'), value: (row) => row.asked_by.name, width: 'minmax(90px, 1fr)' },
      { id: 'at', header: () => t('at'), value: (row) => formatTime(row.started_at, { seconds: true }), width: '150px' },
    ];
  });

  constructor() {
    effect(() => {
      const [key] = this.selected();
      const text = key && !this.wrong() ? resultReference(key, this.path()) : undefined;
      const missing = t(key ? 'notPointer' : 'chooseResult');
      untracked(() => this.changed.emit(text ? { text } : { missing }));
    });
  }

  private named(row: Call): string {
    return `${calledOf(row).name} · ${row.function}${row.draft ? ` (${t('drafts')})` : ''}`;
  }
}
