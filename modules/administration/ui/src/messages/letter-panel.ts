import { ChangeDetectionStrategy, Component, computed, input, output } from '@angular/core';
import { formatTime } from '@dcp/api-service';
import { CopyText, loadable, shared, StatePanel } from '@dcp/kit';
import { OPERATE } from '../model';
import { t } from '../texts';
import { server, type Post } from './model';

/** One dead letter with everything that is known of it. */
@Component({
  selector: 'adm-letter',
  imports: [CopyText, StatePanel],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <section class="dcp-panel" aria-labelledby="letter-title">
      <header>
        <h2 id="letter-title">{{ t('message') }}</h2>
        <dcp-copy [text]="id()" />
        <span class="actions" [title]="allowed() ? '' : t('needs', { permission: operate })">
          <button type="button" class="dcp-button" [disabled]="!allowed()" (click)="replay.emit()">{{ t('replay') }}</button>
          <button type="button" class="dcp-button" [disabled]="!allowed()" (click)="discard.emit()">{{ t('discard') }}</button>
        </span>
      </header>
      <dcp-state [of]="letters" [empty]="letter() === undefined" [emptyTitle]="t('noLetters')" [emptyText]="t('noLettersText')">
        @if (letter(); as one) {
          @if (one.ordered) {
            <p class="holds-up">{{ t('holdsUpText') }}</p>
          }
          <div class="content">
            <dl class="dcp-facts">
              @for (fact of facts(); track fact.name) {
                <dt>{{ fact.name }}</dt>
                <dd>{{ fact.value }}</dd>
              }
            </dl>
            <h3>{{ t('body') }}</h3>
            <pre class="dcp-code" tabindex="0" [attr.aria-label]="t('body')">{{ body() }}</pre>
          </div>
        }
      </dcp-state>
    </section>
  `,
  styles: `
    .actions {
      display: flex;
      gap: var(--dcp-space-2);
      margin-inline-start: auto;
    }
    .holds-up {
      margin: 0;
      padding: var(--dcp-space-2) var(--dcp-space-3);
      background: var(--dcp-warning-surface);
      color: var(--dcp-warning);
    }
    .content {
      display: grid;
      gap: var(--dcp-space-2);
      padding: var(--dcp-space-3);
    }
    pre {
      max-height: 40vh;
      margin: 0;
      overflow: auto;
    }
    dd {
      overflow-wrap: anywhere;
    }
  `,
})
export class LetterPanel {
  readonly post = input.required<Post>();
  readonly id = input.required<string>();
  readonly allowed = input(false);
  readonly replay = output();
  readonly discard = output();
  protected readonly t = t;
  protected readonly operate = OPERATE;
  protected readonly letters = loadable({
    on: () => ({ id: this.id() }),
    load: (wanted, signal) => server.letters(this.post(), wanted, signal),
  });
  protected readonly letter = computed(() => this.letters.value()?.[0]);
  protected readonly body = computed(() => JSON.stringify(this.letter()?.body, undefined, 2));
  protected readonly facts = computed(() => {
    shared.language();
    const one = this.letter();
    if (!one) return [];
    const time = (at: string | null): string => (at ? formatTime(at, { seconds: true }) : '–');
    return [
      { name: t('type'), value: one.type || t('noMessage') },
      { name: t('key'), value: one.key || '–' },
      { name: t('sender'), value: one.source || '–' },
      { name: t('queue'), value: one.queue },
      { name: t('attempts'), value: String(one.attempts) },
      { name: t('sent'), value: time(one.sent_at) },
      { name: t('since'), value: time(one.at) },
      { name: t('traceId'), value: one.trace_id ?? '–' },
      { name: t('cause'), value: one.reason },
    ];
  });
}
