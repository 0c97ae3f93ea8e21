import { ChangeDetectionStrategy, Component, computed, input, output, signal } from '@angular/core';
import { may, serverText, toast } from '@dcp/api-service';
import { shared } from '@dcp/kit';
import { short, type Version, type VersionDetail } from '../model';
import { ReasonDialog } from '../parts/reason-dialog';
import { chosen, server } from '../place';
import { t } from '../texts';
import { stepsFrom, type StepKind } from './steps';

/** The steps of a version as buttons; one that is not open to the user says why. */
@Component({
  selector: 'calc-steps',
  imports: [ReasonDialog],
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
  protected readonly take = async (reason: string): Promise<void> => {
    const kind = this.asked();
    if (!kind) return;
    const { version } = this.version();
    await server().step(this.name(), version, kind.to, reason);
    toast(t('stepDone', { version: short(version), state: t(kind.to) }));
    this.stepped.emit();
  };
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
}
