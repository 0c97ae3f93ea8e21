import { ChangeDetectionStrategy, Component, computed, input } from '@angular/core';
import { formatTime } from '@dcp/api-service';
import { shared } from '@dcp/kit';
import { latencyText, type Check } from './model';
import { t } from './texts';

const WIDTH = 480;
const HEIGHT = 48;
/** Answers that fit. */
const COUNT = 120;
const STEP = WIDTH / COUNT;
/** The shortest bar that can be seen and pointed at. */
const LEAST = 2;

/** One bar per answer, the newest at the right; what did not answer is a full bar in the colour of an error. */
@Component({
  selector: 'fw-latency-history',
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <figure>
      <figcaption class="dcp-small dcp-quiet">{{ t('history') }}</figcaption>
      <svg role="img" [attr.aria-label]="summary()" [attr.viewBox]="box" preserveAspectRatio="none">
        @for (bar of bars(); track bar.at) {
          <rect [class.failed]="bar.failed" [attr.x]="bar.x" [attr.y]="height - bar.height" [attr.width]="width" [attr.height]="bar.height">
            <title>{{ bar.text }}</title>
          </rect>
        }
      </svg>
      <p class="dcp-small">{{ summary() }}</p>
    </figure>
  `,
  styles: `
    figure {
      margin: 0;
    }
    svg {
      display: block;
      width: 100%;
      max-width: 640px;
      height: 48px;
      border-bottom: 1px solid var(--dcp-hairline);
    }
    rect {
      fill: var(--dcp-accent);
    }
    .failed {
      fill: var(--dcp-danger);
    }
  `,
})
export class LatencyHistory {
  readonly checks = input.required<readonly Check[]>();
  protected readonly t = t;
  protected readonly box = `0 0 ${WIDTH} ${HEIGHT}`;
  protected readonly height = HEIGHT;
  protected readonly width = STEP - 1;
  private readonly latencies = computed(() =>
    this.checks()
      .flatMap(({ latency_ms }) => latency_ms ?? [])
      .sort((one, other) => one - other),
  );
  protected readonly bars = computed(() => {
    shared.language();
    const checks = this.checks().slice(-COUNT);
    const most = this.latencies().at(-1) ?? 1;
    return checks.map(({ at, latency_ms: latency }, place) => ({
      at,
      failed: latency === null,
      x: WIDTH - (checks.length - place) * STEP,
      height: latency === null ? HEIGHT : Math.max(LEAST, (latency / most) * HEIGHT),
      text:
        latency === null ? t('noAnswer', { time: formatTime(at) }) : t('answer', { time: formatTime(at), latency: latencyText(latency) }),
    }));
  });
  protected readonly summary = computed(() => {
    shared.language();
    const known = this.latencies();
    return t('historyText', {
      good: known.length,
      count: this.checks().length,
      slowest: known.length ? latencyText(known.at(-1) ?? 0) : '–',
      median: known.length ? latencyText(known[Math.floor(known.length / 2)] ?? 0) : '–',
    });
  });
}
