import { ChangeDetectionStrategy, Component, computed, effect, input, signal, untracked } from '@angular/core';
import { formatTime, may, toast } from '@dcp/api-service';
import { CopyText, loadable, shared } from '@dcp/kit';
import { APPROVE } from '../model';
import { ReasonDialog } from '../parts/reason-dialog';
import { Server } from '../server';
import { t } from './texts';

/** Whether somebody has found the environment of an engine good; what that means, and how it is done, where nobody has. */
@Component({
  selector: 'calc-registration',
  imports: [CopyText, ReasonDialog],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './registration.html',
  styles: `
    :host {
      display: grid;
      grid-template-columns: minmax(0, 1fr);
      gap: var(--dcp-space-2);
      padding-top: var(--dcp-space-2);
      border-top: 1px solid var(--dcp-hairline);
    }
    h3,
    p {
      margin: 0;
    }
    h3 {
      display: flex;
      flex-wrap: wrap;
      align-items: center;
      gap: var(--dcp-space-2);
      font-size: var(--dcp-size-small);
    }
    ol {
      display: grid;
      gap: var(--dcp-space-1);
      margin: 0;
      padding-inline-start: 20px;
      overflow-wrap: anywhere;
    }
    .blocked {
      padding-inline-start: var(--dcp-space-2);
      border-inline-start: 3px solid var(--dcp-warning);
    }
  `,
})
export class Registration {
  readonly node = input.required<string>();
  /** Each change reads it again. */
  readonly turn = input(0);
  protected readonly t = t;
  protected readonly permission = APPROVE;
  protected readonly environments = loadable({
    on: () => this.node(),
    load: (node, signal) => new Server(node).environments(signal),
  });
  protected readonly own = computed(() => {
    const told = this.environments.value();
    return told?.registered.find(({ fingerprint }) => fingerprint === told.fingerprint);
  });
  protected readonly allowed = computed(() => {
    shared.session();
    return may(APPROVE, shared.address().site);
  });
  protected readonly asked = signal(false);
  protected readonly register = async (reason: string): Promise<void> => {
    this.environments.set(await new Server(this.node()).register(reason));
    toast(t('done', { node: this.node() }));
  };

  constructor() {
    effect(() => {
      if (this.turn() > 0) untracked(() => this.environments.reload());
    });
  }

  protected command(rest: string): string {
    return `dcp calc --node ${this.node()} ${rest}`;
  }

  protected when(at: string): string {
    shared.clock();
    return formatTime(at);
  }
}
