import { ChangeDetectionStrategy, Component, computed, input } from '@angular/core';
import { formatBytes, formatTime, localized, zoneName } from '@dcp/api-service';
import { shared } from '@dcp/kit';
import type { Instance, ModuleStatus } from '../model';
import { t } from '../texts';

/** The processes of a module. */
@Component({
  selector: 'adm-instances',
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <section class="dcp-panel" aria-labelledby="instances-title">
      <header>
        <h2 id="instances-title">{{ heading() }}</h2>
        <span class="dcp-quiet dcp-small">{{ zone() }}</span>
      </header>
      @if (module().instances.length === 0) {
        <p class="dcp-state">{{ t('noInstances') }}</p>
      } @else {
        <div class="scroll" tabindex="0" role="group" [attr.aria-label]="heading()">
          <table class="dcp-table">
            <thead>
              <tr>
                <th scope="col">{{ t('instance') }}</th>
                <th scope="col">{{ t('state') }}</th>
                <th scope="col">{{ t('since') }}</th>
                <th scope="col" class="dcp-number">{{ t('port') }}</th>
                <th scope="col" class="dcp-number">{{ t('process') }}</th>
                <th scope="col" class="dcp-number">{{ t('memory') }}</th>
                <th scope="col" class="dcp-number">{{ t('restarts') }}</th>
              </tr>
            </thead>
            <tbody>
              @for (one of module().instances; track one.id) {
                <tr>
                  <td>{{ one.id }}</td>
                  <td>{{ t(one.state) }}</td>
                  <td>{{ time(one) }}</td>
                  <td class="dcp-number">{{ one.port ?? '–' }}</td>
                  <td class="dcp-number">{{ one.pid ?? '–' }}</td>
                  <td class="dcp-number">{{ size(one) }}</td>
                  <td class="dcp-number">{{ one.restarts }}</td>
                </tr>
              }
            </tbody>
          </table>
        </div>
      }
    </section>
  `,
  styles: `
    .scroll {
      overflow-x: auto;
    }
  `,
})
export class InstancesPanel {
  readonly module = input.required<ModuleStatus>();
  protected readonly t = t;
  protected readonly heading = computed(() => {
    shared.language();
    return t('instancesOf', {
      title: localized(this.module().title),
      node: this.module().node,
    });
  });
  protected readonly zone = computed(() => {
    shared.sites();
    return zoneName();
  });

  protected time(one: Instance): string {
    return formatTime(one.since, { seconds: true });
  }

  protected size(one: Instance): string {
    return formatBytes(one.memory_bytes);
  }
}
