import { ChangeDetectionStrategy, Component, computed, input } from '@angular/core';
import { saveFile } from '@dcp/api-service';
import { Icon, loadable, StatePanel } from '@dcp/kit';
import { short } from '../model';
import { server } from '../place';
import { t } from '../texts';

/** The R source of a version with line numbers. */
@Component({
  selector: 'calc-source-view',
  imports: [Icon, StatePanel],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <section class="dcp-panel" aria-labelledby="source-title">
      <header>
        <h2 id="source-title">{{ t('source') }}</h2>
        <button type="button" class="dcp-button dcp-button--quiet" [disabled]="!source.value()" (click)="save()">
          <dcp-icon name="download" [size]="14" />{{ t('download') }}
        </button>
      </header>
      <dcp-state [of]="source">
        <pre
          role="region"
          tabindex="0"
          aria-labelledby="source-title"
          translate="no"
        >@for (line of lines(); track $index) {<span [attr.data-line]="$index + 1">{{ line }}
</span>}</pre>
      </dcp-state>
    </section>
  `,
  styles: `
    pre {
      margin: 0;
      padding: var(--dcp-space-2) 0;
      max-height: 70vh;
      overflow: auto;
      counter-reset: line;
    }
    span[data-line] {
      display: block;
      min-height: var(--dcp-line);
      padding-inline-end: var(--dcp-space-3);
    }
    span[data-line]::before {
      content: attr(data-line);
      display: inline-block;
      width: 5ch;
      margin-inline-end: var(--dcp-space-3);
      color: var(--dcp-text-quiet);
      text-align: end;
      user-select: none;
    }
  `,
})
export class SourceView {
  readonly name = input.required<string>();
  readonly version = input.required<string>();
  protected readonly t = t;
  protected readonly source = loadable({
    on: () => ({ name: this.name(), version: this.version() }),
    load: ({ name, version }, signal) => server().source(name, version, signal),
  });
  protected readonly lines = computed(() => (this.source.value() ?? '').replace(/\n$/, '').split('\n'));

  protected save(): void {
    const name = `${this.name()}@${short(this.version())}.R`;
    saveFile(name, new Blob([this.source.value() ?? ''], { type: 'text/plain;charset=utf-8' }));
  }
}
