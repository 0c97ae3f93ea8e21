import { ChangeDetectionStrategy, Component, computed, input } from '@angular/core';
import { followLink, siteAddress } from '@dcp/api-service';
import { loadable, shared, StatePanel } from '@dcp/kit';
import { warningText, WarningNote } from '@dcp/plant';
import { BADGE, loadSources, sentence, type Source } from '../sources/model';
import { t as words } from '../sources/texts';
import { t } from './texts';

/** Where the process data of this site comes from. */
@Component({
  selector: 'fw-sources',
  imports: [StatePanel, WarningNote],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <section class="dcp-panel" aria-labelledby="sources-title">
      <header>
        <h2 id="sources-title">{{ t('sources') }}</h2>
        <a class="dcp-small" [href]="href()" (click)="follow($event)">{{ t('sourcesMore') }}</a>
      </header>
      <dcp-state
        [of]="sources"
        [empty]="sources.value()?.length === 0"
        [emptyTitle]="t('noSources')"
        [emptyText]="t('noSourcesText')"
        [rows]="2"
      >
        @for (source of sources.value(); track source.id) {
          <dl class="dcp-facts dcp-body">
            <dt>{{ source.name }}</dt>
            <dd>
              <span class="dcp-badge {{ badge[source.health.condition] }}">{{ words(source.health.condition) }}</span>
            </dd>
            <dt>{{ t('server') }}</dt>
            <dd>{{ source.data_server }}</dd>
            <dt>{{ t('database') }}</dt>
            <dd>{{ source.asset_server }} / {{ source.database }}</dd>
          </dl>
          <dcp-warning-note [of]="attention(source)" />
        }
      </dcp-state>
    </section>
  `,
  styles: `
    dl {
      padding: var(--dcp-space-3);
      font-size: var(--dcp-size-small);
    }
    dl + dl {
      border-top: 1px solid var(--dcp-hairline);
    }
  `,
})
export class SourcesPanel {
  readonly site = input.required<string>();
  protected readonly t = t;
  protected readonly words = words;
  protected readonly badge = BADGE;
  protected readonly follow = followLink;
  protected readonly href = computed(() => siteAddress('sources', this.site()));
  /** What an analyst has to know before using its data. */
  protected attention({ health }: Source): string[] {
    shared.language();
    if (health.condition !== 'failed') return health.warnings.map(warningText);
    return health.last_error ? [`${sentence(health.last_error.title)} ${sentence(health.last_error.detail)}`] : [];
  }
  protected readonly sources = loadable({ on: () => this.site(), load: loadSources });
}
