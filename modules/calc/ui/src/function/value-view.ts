import { ChangeDetectionStrategy, Component, computed, forwardRef, input } from '@angular/core';
import { formatNumber } from '@dcp/api-service';
import { CopyText, shared } from '@dcp/kit';
import { shapeOf, type Scalar } from './shape';
import { TableView } from './table-view';
import { t } from './texts';

/** Significant digits of a number that stands alone; the exact one can be copied. */
const DIGITS = 6;

/** A value by its shape: one number, a table with its chart, or named parts that are values themselves. */
@Component({
  selector: 'calc-value',
  imports: [CopyText, TableView, forwardRef(() => ValueView)],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    @let shape = this.shape();
    @switch (shape.kind) {
      @case ('nothing') {
        <p class="dcp-quiet">{{ t('nothing') }}</p>
      }
      @case ('scalar') {
        <p class="scalar">
          <strong>{{ shown(shape.value) }}</strong>
          @if (exact(shape.value); as text) {
            <dcp-copy [text]="text" />
          }
        </p>
      }
      @case ('table') {
        <calc-table [columns]="shape.columns" [rows]="shape.rows" [origin]="shape.origin" [label]="label()" [zone]="zone()" />
      }
      @case ('parts') {
        @if (shape.facts.length > 0) {
          <dl class="dcp-facts">
            @for (fact of shape.facts; track fact[0]) {
              <dt>{{ fact[0] }}</dt>
              <dd [title]="fact[1]">{{ shown(fact[1]) }}</dd>
            }
          </dl>
        }
        @for (part of shape.parts; track part[0]) {
          <section [attr.aria-label]="part[0]">
            <h3>{{ part[0] }}</h3>
            <calc-value [value]="part[1]" [label]="label() + ' · ' + part[0]" [zone]="zone()" />
          </section>
        }
      }
    }
  `,
  styles: `
    :host {
      display: grid;
      grid-template-columns: minmax(0, 1fr);
      gap: var(--dcp-space-3);
    }
    .scalar {
      display: flex;
      flex-wrap: wrap;
      align-items: center;
      gap: var(--dcp-space-1) var(--dcp-space-3);
    }
    .scalar strong {
      font-size: var(--dcp-size-title);
      line-height: 28px;
      overflow-wrap: anywhere;
    }
    section {
      display: grid;
      grid-template-columns: minmax(0, 1fr);
      gap: var(--dcp-space-1);
      padding-inline-start: var(--dcp-space-3);
      border-inline-start: 1px solid var(--dcp-hairline);
    }
    h3 {
      font-size: var(--dcp-size-small);
    }
  `,
})
export class ValueView {
  readonly value = input.required<unknown>();
  /** What the value is, for accessible names and files. */
  readonly label = input.required<string>();
  readonly zone = input.required<string>();
  protected readonly t = t;
  protected readonly shape = computed(() => shapeOf(this.value()));

  protected shown(value: Scalar): string {
    shared.language();
    if (typeof value === 'number') return formatNumber(value, { digits: DIGITS });
    if (typeof value === 'boolean') return value ? 'TRUE' : 'FALSE';
    return value ?? 'NA';
  }

  /** The number with every digit, where rounding hides some. */
  protected exact(value: Scalar): string {
    return typeof value === 'number' && Number(value.toPrecision(DIGITS)) !== value ? String(value) : '';
  }
}
