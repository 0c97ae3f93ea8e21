import { ChangeDetectionStrategy, Component, computed } from '@angular/core';
import { localized, type ModuleState } from '@dcp/api-service';
import { shared, ZoneBadge } from '@dcp/kit';
import { t } from './texts';

/** What a state looks like; the word says it too. */
const BADGE: Readonly<Record<ModuleState, string>> = {
  ready: 'dcp-badge--good',
  starting: 'dcp-badge--warning',
  stopping: 'dcp-badge--warning',
  stopped: 'dcp-badge--warning',
  failed: 'dcp-badge--danger',
};

/** Whether every module of the platform runs. */
@Component({
  selector: 'fw-modules',
  imports: [ZoneBadge],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <section class="dcp-panel" aria-labelledby="modules-title">
      <header>
        <h2 id="modules-title">{{ t('modules') }}</h2>
        <span class="dcp-quiet dcp-small">{{ t('modulesAll', { ready: ready(), count: modules().length }) }}</span>
      </header>
      <ul role="list">
        @for (module of modules(); track module.node + module.name) {
          <li>
            <span class="name" [title]="module.node">{{ module.title }}</span>
            <dcp-zone-badge [zone]="module.zone" [version]="module.version" />
            <span class="dcp-badge {{ badge[module.state] }}">{{ t(module.state) }}</span>
          </li>
        }
      </ul>
    </section>
  `,
  styles: `
    ul {
      list-style: none;
      font-size: var(--dcp-size-small);
    }
    li {
      display: flex;
      align-items: center;
      gap: var(--dcp-space-2);
      min-height: var(--dcp-row);
      padding: 2px var(--dcp-space-3);
    }
    li + li {
      border-top: 1px solid var(--dcp-hairline);
    }
    .name {
      flex: 1;
      overflow: hidden;
      text-overflow: ellipsis;
      white-space: nowrap;
    }
  `,
})
export class ModulesPanel {
  protected readonly t = t;
  protected readonly badge = BADGE;
  protected readonly modules = computed(() => {
    shared.language();
    return (shared.portal()?.modules ?? []).map((module) => ({
      ...module,
      title: localized(module.title),
    }));
  });
  protected readonly ready = computed(() => this.modules().filter(({ state }) => state === 'ready').length);
}
