import { ChangeDetectionStrategy, Component, computed, input } from '@angular/core';
import { formatTime, zoneName } from '@dcp/api-service';
import { CopyText, shared } from '@dcp/kit';
import { LatencyHistory } from './latency-history';
import { warningText } from '@dcp/plant';
import { sentence, type Source } from './model';
import { s } from './setup-texts';
import { t } from './texts';

const MINUTE_MS = 60_000;

/** Everything that is known of one source. */
@Component({
  selector: 'fw-source',
  imports: [CopyText, LatencyHistory],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './source-panel.html',
  styles: `
    .dcp-body {
      display: grid;
      gap: var(--dcp-space-4);
    }
    .warnings {
      display: grid;
      gap: var(--dcp-space-1);
      margin: 0;
      padding: var(--dcp-space-2) var(--dcp-space-3) var(--dcp-space-2) var(--dcp-space-5);
      background: var(--dcp-warning-surface);
      color: var(--dcp-warning);
    }
    .actions {
      display: flex;
      gap: var(--dcp-space-2);
    }
    .actions:empty {
      display: none;
    }
    dd {
      overflow-wrap: anywhere;
    }
  `,
})
export class SourcePanel {
  readonly source = input.required<Source>();
  protected readonly t = t;
  protected readonly s = s;
  protected readonly time = (at: string): string => formatTime(at, { seconds: true });
  protected readonly zone = computed(() => {
    shared.language();
    return zoneName();
  });
  protected readonly warnings = computed(() => {
    shared.language();
    return this.source().health.warnings.map(warningText);
  });
  protected readonly error = computed(() => {
    shared.language();
    const error = this.source().health.last_error;
    return error && { at: error.at, title: sentence(error.title), detail: sentence(error.detail) };
  });
  protected readonly started = computed(() => {
    shared.language();
    const { checked_at: at, identity } = this.source().health;
    const minutes = identity?.up_minutes;
    if (!at || minutes === null || minutes === undefined) return '';
    return t('running', { time: formatTime(Date.parse(at) - minutes * MINUTE_MS) });
  });
}
