import { ChangeDetectionStrategy, Component, input } from '@angular/core';
import { api } from '@dcp/api-service';
import { loadable, StatePanel } from '@dcp/kit';
import { t } from './texts';

/** A source of process data of a site. */
interface DataSource {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly url: string;
  readonly asset_server: string;
  readonly database: string;
  readonly data_server: string;
}

/** Where the process data of this site comes from. */
@Component({
  selector: 'fw-sources',
  imports: [StatePanel],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <section class="dcp-panel" aria-labelledby="sources-title">
      <header>
        <h2 id="sources-title">{{ t('sources') }}</h2>
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
              <code>{{ source.url }}</code>
            </dd>
            <dt>{{ t('server') }}</dt>
            <dd>{{ source.data_server }}</dd>
            <dt>{{ t('database') }}</dt>
            <dd>{{ source.asset_server }} / {{ source.database }}</dd>
          </dl>
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
  protected readonly sources = loadable({
    on: () => this.site(),
    load: (site, signal) =>
      api.get<readonly DataSource[]>('/api/framework/data-sources', {
        query: { site },
        signal,
      }),
  });
}
