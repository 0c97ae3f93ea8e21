import { ChangeDetectionStrategy, Component, input } from '@angular/core';
import type { VersionState } from '../model';
import { t } from '../texts';

const LOOK: Readonly<Record<VersionState, string>> = {
  draft: 'dcp-badge--nongxp',
  review: 'dcp-badge--warning',
  approved: '',
  effective: 'dcp-badge--good',
  superseded: '',
  retired: '',
};

/** Where a version stands between draft and retired. */
@Component({
  selector: 'calc-state',
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `<span class="dcp-badge {{ look[state()] }}">{{ t(state()) }}</span>`,
})
export class StateBadge {
  readonly state = input.required<VersionState>();
  protected readonly t = t;
  protected readonly look = LOOK;
}
