import { ChangeDetectionStrategy, Component, computed, input, signal } from '@angular/core';
import { saveFile } from '@dcp/api-service';
import { Icon, loadable, StatePanel } from '@dcp/kit';
import { short, type VersionDetail } from '../model';
import { server } from '../place';
import { t } from '../texts';

/** The R source of a version with line numbers, or the files of its folder one at a time. */
@Component({
  selector: 'calc-source-view',
  imports: [Icon, StatePanel],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <section class="dcp-panel" aria-labelledby="source-title">
      <header>
        <h2 id="source-title">{{ t('source') }}</h2>
        @if (files().length > 0) {
          <select #choice class="dcp-select" [attr.aria-label]="t('file')" [value]="file()" (change)="chosen.set(choice.value)">
            @for (one of files(); track one.path) {
              <option [value]="one.path" [selected]="one.path === file()">{{ one.path }}</option>
            }
          </select>
          <button type="button" class="dcp-button dcp-button--quiet" (click)="saveFolder()">
            <dcp-icon name="download" [size]="14" />{{ t('downloadFolder') }}
          </button>
        }
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
  /** The files of the version, once they are known. */
  readonly detail = input<VersionDetail>();
  protected readonly t = t;
  protected readonly chosen = signal('');
  protected readonly files = computed(() => this.detail()?.files ?? []);
  /** Nothing where all R code is one text. */
  protected readonly file = computed(() => {
    const paths = this.files().map(({ path }) => path);
    return paths.includes(this.chosen()) ? this.chosen() : (paths[0] ?? '');
  });
  protected readonly source = loadable({
    on: () => ({ name: this.name(), version: this.version(), file: this.file() }),
    load: ({ name, version, file }, signal) => server().source(name, version, file, signal),
  });
  protected readonly lines = computed(() => (this.source.value() ?? '').replace(/\n$/, '').split('\n'));

  protected save(): void {
    const name = this.file().replace(/^.*\//, '') || `${this.reference()}.R`;
    saveFile(name, new Blob([this.source.value() ?? ''], { type: 'text/plain;charset=utf-8' }));
  }

  protected async saveFolder(): Promise<void> {
    saveFile(`${this.reference()}.tar`, await server().folder(this.name(), this.version()));
  }

  private reference(): string {
    return `${this.name()}@${short(this.version())}`;
  }
}
