import { ChangeDetectionStrategy, Component, computed, input, output, signal } from '@angular/core';
import { may, ProblemError, serverText, toast } from '@dcp/api-service';
import { Dialog, ProblemPanel, shared } from '@dcp/kit';
import { short, type Version, type VersionDetail } from '../model';
import { chosen, server } from '../place';
import { t } from '../texts';
import { stepsFrom, type StepKind } from './steps';

/** The steps of a version as buttons; one that is not open to the user says why. */
@Component({
  selector: 'calc-steps',
  imports: [Dialog, ProblemPanel],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './steps-panel.html',
  styles: `
    :host:not(:has(button, p)) {
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
  /** The title of the module that was released with the script. */
  readonly module = input<string>();
  readonly stepped = output();
  protected readonly t = t;
  protected readonly short = short;
  protected readonly serverText = serverText;
  protected readonly asked = signal<StepKind | undefined>(undefined);
  protected readonly reason = signal('');
  protected readonly tried = signal(false);
  protected readonly busy = signal(false);
  protected readonly problem = signal<ProblemError | undefined>(undefined);
  /** What stands against an approval, a sentence each. */
  protected readonly doubts = computed(() => {
    const detail = this.detail();
    return detail?.version === this.version().version && this.version().state === 'review' ? detail.doubts : [];
  });
  protected readonly steps = computed(() => {
    shared.session();
    shared.language();
    if (this.module()) return [];
    return stepsFrom(this.version().state, chosen()?.zone ?? 'gxp').map((kind) => ({ kind, obstacle: this.obstacle(kind) }));
  });
  /** Said below the buttons as well: a button that cannot be pressed has no tooltip for the keyboard. */
  protected readonly obstacles = computed(() => [...new Set(this.steps().flatMap(({ obstacle }) => obstacle ?? []))]);

  private obstacle(kind: StepKind): string | undefined {
    if (!kind.needs.some((permission) => may(permission, shared.address().site))) {
      return t('stepNeeds', { step: t(kind.word), permission: kind.needs.join(', ') });
    }
    if (kind.to !== 'approved') return undefined;
    if (shared.session()?.user.id === this.version().published_by.id) return t('ownVersion');
    return this.doubts().length > 0 ? t('blocked') : undefined;
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
