import { ChangeDetectionStrategy, Component, computed, DestroyRef, effect, inject, input, signal } from '@angular/core';
import { problemLine, ProblemError, saveFile, toast } from '@dcp/api-service';
import { Icon, loadable, StatePanel } from '@dcp/kit';
import type { Artifact } from '../model';
import { server } from '../place';
import { t } from './texts';

/** A plot that a call left beside its value. */
@Component({
  selector: 'calc-plot',
  imports: [Icon, StatePanel],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <dcp-state [of]="content">
      <figure>
        @if (isImage() && url(); as address) {
          <img [src]="address" [alt]="t('plot', { name: artifact().name })" />
        }
        <figcaption class="dcp-small">
          {{ artifact().name }}
          <button type="button" class="dcp-button dcp-button--quiet" [attr.aria-label]="named(ending())" (click)="save()">
            <dcp-icon name="download" [size]="14" />{{ ending() }}
          </button>
          @if (ending() === 'SVG') {
            <button
              type="button"
              class="dcp-button dcp-button--quiet"
              [disabled]="drawing()"
              [attr.aria-label]="named('PNG')"
              (click)="savePicture()"
            >
              <dcp-icon name="download" [size]="14" />PNG
            </button>
          }
        </figcaption>
      </figure>
    </dcp-state>
  `,
  styles: `
    figure {
      margin: 0;
    }
    /* R draws on white paper, also at night */
    img {
      max-width: 100%;
      border: 1px solid var(--dcp-hairline);
      background: #ffffff;
    }
    figcaption {
      display: flex;
      align-items: center;
      gap: var(--dcp-space-2);
    }
  `,
})
export class Plot {
  readonly artifact = input.required<Artifact>();
  /** What the names of saved files begin with. */
  readonly file = input.required<string>();
  protected readonly t = t;
  protected readonly content = loadable({ on: () => this.artifact().key, load: (key, signal) => server().artifact(key, signal) });
  protected readonly drawing = signal(false);
  protected readonly isImage = computed(() => this.artifact().media_type.startsWith('image/'));
  protected readonly ending = computed(() => (/^[^/]+\/([a-z0-9]+)/.exec(this.artifact().media_type)?.[1] ?? 'file').toUpperCase());
  protected readonly url = computed(() => {
    const content = this.content.value();
    return content && URL.createObjectURL(new Blob([content], { type: this.artifact().media_type }));
  });

  constructor() {
    let last: string | undefined;
    effect(() => {
      const now = this.url();
      if (last && last !== now) URL.revokeObjectURL(last);
      last = now;
    });
    inject(DestroyRef).onDestroy(() => last && URL.revokeObjectURL(last));
  }

  protected named(ending: string): string {
    return t('savePlot', { name: this.artifact().name, ending });
  }

  protected save(): void {
    const content = this.content.value();
    if (content) saveFile(this.name(this.ending()), content);
  }

  protected async savePicture(): Promise<void> {
    this.drawing.set(true);
    try {
      saveFile(this.name('PNG'), await server().picture(this.artifact().key));
    } catch (error) {
      toast(problemLine(ProblemError.from(error)), { kind: 'error' });
    }
    this.drawing.set(false);
  }

  private name(ending: string): string {
    return `${this.file()}_${this.artifact().name}.${ending.toLowerCase()}`;
  }
}
