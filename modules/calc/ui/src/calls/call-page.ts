import { ChangeDetectionStrategy, Component, computed, effect, inject, input, untracked } from '@angular/core';
import { followLink } from '@dcp/api-service';
import { loadable } from '@dcp/kit';
import { Calling } from '../function/calling';
import { ResultPanel } from '../function/result-panel';
import { calledOf, short } from '../model';
import { functionLink, link, server } from '../place';
import { t } from './texts';

/** One call: its progress or its answer, what went into its value and what used it. */
@Component({
  selector: 'calc-call',
  imports: [ResultPanel],
  providers: [Calling],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    @if (calling.detail(); as call) {
      <p class="dcp-toolbar">
        <code>{{ called()?.name }}&#64;{{ short(called()?.version ?? '') }} · {{ call.function }}</code>
        <a class="dcp-button" [href]="href()" (click)="follow($event)">{{ t('openFunction') }}</a>
      </p>
    }
    <calc-result [problem]="calling.problem()" [retryable]="false" />
    @if (lineage.value(); as told) {
      <section class="dcp-panel" [attr.aria-label]="t('usedBy')">
        <div class="dcp-body">
          <dl class="dcp-facts dcp-small">
            <dt>{{ t('inputs') }}</dt>
            <dd>
              @for (key of told.inputs; track key) {
                <div>
                  <code>{{ key }}</code>
                </div>
              } @empty {
                <span class="dcp-quiet">{{ t('nothingUsed') }}</span>
              }
            </dd>
            <dt>{{ t('usedBy') }}</dt>
            <dd>
              @for (id of users(); track id) {
                <div>
                  <a [href]="link('calls/' + id)" (click)="follow($event)"
                    ><code>{{ id }}</code></a
                  >
                </div>
              } @empty {
                <span class="dcp-quiet">{{ t('nothingUsed') }}</span>
              }
            </dd>
          </dl>
        </div>
      </section>
    }
  `,
  styles: `
    :host {
      display: grid;
      grid-template-columns: minmax(0, 1fr);
      gap: var(--dcp-space-3);
    }
  `,
})
export class CallPage {
  readonly id = input.required<string>();
  protected readonly t = t;
  protected readonly link = link;
  protected readonly short = short;
  protected readonly follow = followLink;
  protected readonly calling = inject(Calling);
  /** Where nobody can tell it, the page does without. */
  protected readonly lineage = loadable({
    on: () => this.calling.envelope()?.call.result_key,
    load: (key, signal) => server().lineage(key, signal),
  });
  protected readonly users = computed(() => (this.lineage.value()?.used_by ?? []).map(({ id }) => id));
  protected readonly called = computed(() => {
    const call = this.calling.detail();
    return call && calledOf(call);
  });
  protected readonly href = computed(() => {
    const call = this.calling.detail();
    const called = this.called();
    return call && called ? functionLink(called.name, call.function, { version: called.version, call: call.id }) : '';
  });

  constructor() {
    effect(() => {
      const id = this.id();
      untracked(() => void this.calling.open(id));
    });
  }
}
