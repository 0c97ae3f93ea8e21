import { ChangeDetectionStrategy, Component, computed, input, output, signal } from '@angular/core';
import { may, ProblemError, toast } from '@dcp/api-service';
import { Dialog, ProblemPanel, shared } from '@dcp/kit';
import { short, type Version, type VersionDetail } from '../model';
import { server } from '../place';
import { t } from '../texts';
import { stepsFrom, type StepKind } from './steps';

/** The steps of a version as buttons; one that is not open to the user says why. */
@Component({
  selector: 'calc-steps',
  imports: [Dialog, ProblemPanel],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './steps-panel.html',
  styles: `
    :host:not(:has(button)) {
      display: none;
    }
    ul {
      padding-inline-start: var(--dcp-space-4);
    }
  `,
})
export class StepsPanel {
  readonly name = input.required<string>();
  readonly version = input.required<Version>();
  /** Tells what is in the way of an approval, once it is known. */
  readonly detail = input<VersionDetail>();
  readonly stepped = output();
  protected readonly t = t;
  protected readonly short = short;
  protected readonly asked = signal<StepKind | undefined>(undefined);
  protected readonly reason = signal('');
  protected readonly tried = signal(false);
  protected readonly busy = signal(false);
  protected readonly problem = signal<ProblemError | undefined>(undefined);
  protected readonly blockers = computed(() => {
    const detail = this.detail();
    return detail?.version === this.version().version && detail.state === 'review' ? (detail.blocked_by ?? []) : [];
  });
  protected readonly steps = computed(() => {
    shared.session();
    shared.language();
    return stepsFrom(this.version().state).map((kind) => ({ kind, obstacle: this.obstacle(kind) }));
  });
  /** Said once below the buttons, where the reason of one is more than a tooltip can tell. */
  protected readonly obstacles = computed(() => [...new Set(this.steps().flatMap(({ obstacle }) => obstacle ?? []))]);

  private obstacle(kind: StepKind): string | undefined {
    if (!may(kind.needs, shared.address().site)) return t('needs', { permission: kind.needs });
    if (!kind.byAnother) return undefined;
    const mine = shared.session()?.user.id === this.version().published_by.id;
    if (mine) return t('ownVersion');
    return this.blockers().length > 0 ? t('blocked') : undefined;
  }

  protected ask(kind: StepKind): void {
    this.reason.set('');
    this.tried.set(false);
    this.problem.set(undefined);
    this.asked.set(kind);
  }

  protected async take(kind: StepKind): Promise<void> {
    this.tried.set(true);
    const reason = this.reason().trim();
    if ((kind.reasoned && !reason) || this.busy()) return;
    this.busy.set(true);
    try {
      await server().step(this.name(), this.version().version, kind.to, reason);
      this.asked.set(undefined);
      toast(t('stepDone', { version: short(this.version().version), state: t(kind.to) }));
      this.stepped.emit();
    } catch (error) {
      this.problem.set(ProblemError.from(error));
    }
    this.busy.set(false);
  }
}
