import { ChangeDetectionStrategy, Component, computed, input } from '@angular/core';
import { followLink, formatDuration, formatTime, zoneName } from '@dcp/api-service';
import { CopyText, shared } from '@dcp/kit';
import { short, type CallFacts } from '../model';
import { link, scriptLink } from '../place';
import { Keeping } from './keeping';
import { t } from './texts';

/** How a value came to be: enough to find it again and to calculate it again. */
@Component({
  selector: 'calc-provenance',
  imports: [CopyText, Keeping],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <section aria-labelledby="provenance-title">
      <h3 id="provenance-title">{{ t('provenance') }}</h3>
      <dl class="dcp-facts dcp-small">
        <dt>{{ t('scriptVersion') }}</dt>
        <dd>
          <a [href]="scriptLink(call().script, { version: call().version, view: 'source' })" (click)="follow($event)"
            ><code>{{ call().script }}&#64;{{ short(call().version) }}</code></a
          >
        </dd>
        <dt>{{ t('callId') }}</dt>
        <dd>
          <a [href]="link('calls/' + call().id)" (click)="follow($event)"
            ><code>{{ call().id }}</code></a
          >
        </dd>
        <dt>{{ t('startedAt') }}</dt>
        <dd>{{ started() }}</dd>
        <dt>{{ t('duration') }}</dt>
        <dd>{{ duration() }}</dd>
        <dt>{{ t('cache') }}</dt>
        <dd>
          {{ t(call().cached ? 'fromCache' : 'calculated') }}
          @if (call().cached_from; as first) {
            · <a [href]="link('calls/' + first)" (click)="follow($event)">{{ t('firstCall') }}</a>
          }
          @if (cacheStatus(); as status) {
            · <code>{{ status }}</code>
          }
        </dd>
        <dt>{{ t('computationKey') }}</dt>
        <dd><dcp-copy [text]="call().computation_key" /></dd>
        <dt>{{ t('resultKey') }}</dt>
        <dd><dcp-copy [text]="call().result_key" /></dd>
        <dt>{{ t('keptFor') }}</dt>
        <dd><calc-keeping [key]="call().result_key" /></dd>
        <dt>{{ t('node') }}</dt>
        <dd>
          <code>{{ call().node }}</code> · {{ t(call().zone === 'gxp' ? 'gxp' : 'nongxp') }}
        </dd>
        <dt>{{ t('environment') }}</dt>
        <dd>{{ environment() }}</dd>
      </dl>
    </section>
  `,
  styles: `
    section {
      display: grid;
      gap: var(--dcp-space-2);
      padding-top: var(--dcp-space-3);
      border-top: 1px solid var(--dcp-hairline);
    }
  `,
})
export class Provenance {
  readonly call = input.required<CallFacts>();
  readonly cacheStatus = input<string | null>(null);
  protected readonly t = t;
  protected readonly link = link;
  protected readonly scriptLink = scriptLink;
  protected readonly follow = followLink;
  protected readonly short = short;
  protected readonly started = computed(() => {
    shared.clock();
    const at = this.call().started_at;
    return `${formatTime(at, { seconds: true })} ${zoneName(at)}`;
  });
  protected readonly duration = computed(() => {
    shared.language();
    return formatDuration(this.call().duration_ms / 1000);
  });
  protected readonly environment = computed(() => environmentText(this.call().environment));
}

/** R, its platform and the packages a script loads, in one line. */
export function environmentText(environment: unknown): string {
  if (typeof environment !== 'object' || environment === null) return '–';
  const parts = Object.entries(environment as Record<string, unknown>).map(([name, value]) => {
    const text = typeof value === 'object' && value !== null ? pairs(value) : String(value);
    return name === 'r' ? `R ${text}` : text && `${name} ${text}`;
  });
  return parts.filter(Boolean).join(' · ');
}

function pairs(value: object): string {
  return Object.entries(value)
    .map(([name, version]) => (typeof version === 'string' ? `${name} ${version}` : name))
    .join(', ');
}
