import { ChangeDetectionStrategy, Component, input } from '@angular/core';
import { Explanation } from './explanation';
import type { Field } from './fields';
import { t } from './texts';

/** Fields with type and meaning. */
@Component({
  selector: 'fw-fields',
  imports: [Explanation],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <!-- it scrolls sideways where the page is narrow, by keyboard too -->
    <div class="scroll" role="region" tabindex="0" [attr.aria-label]="label()">
      <table class="dcp-table">
        <thead>
          <tr>
            <th scope="col">{{ t('field') }}</th>
            <th scope="col">{{ t('type') }}</th>
            <th scope="col">{{ t('required') }}</th>
            <th scope="col">{{ t('meaning') }}</th>
          </tr>
        </thead>
        <tbody>
          @for (field of fields(); track field.path) {
            <tr>
              <th scope="row" [style.padding-inline-start.px]="8 + 16 * field.depth">
                <code [title]="field.path">{{ field.name }}</code>
              </th>
              <td class="type">
                <code>{{ field.type }}</code>
              </td>
              <td>{{ t(field.presence === 'required' ? 'yes' : field.presence === 'optional' ? 'no' : 'variant') }}</td>
              <td class="meaning"><fw-explanation [text]="field.meaning" /></td>
            </tr>
          }
        </tbody>
      </table>
    </div>
  `,
  styles: `
    .scroll {
      overflow-x: auto;
    }
    tbody th {
      color: var(--dcp-text);
      font-weight: 400;
    }
    td.type,
    td.meaning {
      padding-block: var(--dcp-space-1);
      white-space: normal;
    }
    td.meaning {
      min-width: 160px;
    }
  `,
})
export class FieldsTable {
  readonly fields = input.required<readonly Field[]>();
  readonly label = input.required<string>();
  protected readonly t = t;
}
