import { ChangeDetectionStrategy, Component, input } from '@angular/core';
import type { Zone } from '@dcp/api-service';
import { words } from './texts';

/** Says whether a page or a result is validated: solid "GxP" or outlined "information only", with the version. */
@Component({
  selector: 'dcp-zone-badge',
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <span
      class="dcp-badge"
      [class.dcp-badge--gxp]="zone() === 'gxp'"
      [class.dcp-badge--nongxp]="zone() === 'nongxp'"
      [title]="t(zone() === 'gxp' ? 'gxpTitle' : 'nongxpTitle')"
      >{{ t(zone()) }}
      @if (version()) {
        <span>{{ version() }}</span>
      }
    </span>
  `,
})
export class ZoneBadge {
  readonly zone = input.required<Zone>();
  readonly version = input<string>();
  protected readonly t = words;
}
