import { ChangeDetectionStrategy, Component, computed, input, signal } from '@angular/core';
import { formatNumber, language } from '@dcp/api-service';
import { DataTable, shared, type Column } from '@dcp/kit';
import { ChartHost } from './chart-host';
import type { Scalar, TableColumn } from './shape';
import { t } from './texts';

/** More points than a chart can show apart. */
const MOST_POINTS = 20_000;
const FEWEST_POINTS = 3;

interface Row {
  readonly index: number;
}

/** Rows of a result as a table, and a column of numbers as a chart. */
@Component({
  selector: 'calc-table',
  imports: [ChartHost, DataTable],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './table-view.html',
  styles: `
    :host {
      display: grid;
      grid-template-columns: minmax(0, 1fr);
      gap: var(--dcp-space-2);
    }
    .frame {
      border: 1px solid var(--dcp-hairline);
      border-radius: var(--dcp-radius);
    }
  `,
})
export class TableView {
  readonly columns = input.required<readonly TableColumn[]>();
  readonly rows = input.required<number>();
  readonly origin = input.required<'vector' | 'frame' | 'matrix'>();
  readonly label = input.required<string>();
  readonly zone = input.required<string>();
  protected readonly t = t;
  protected readonly wanted = signal<number | undefined>(undefined);
  protected readonly across = signal(-1);
  protected readonly key = ({ index }: Row): string => String(index);
  protected readonly numeric = computed(() => this.columns().flatMap(({ numeric }, at) => (numeric ? [at] : [])));
  protected readonly drawn = computed(() => (this.rows() < FEWEST_POINTS ? undefined : (this.wanted() ?? this.numeric()[0])));
  protected readonly list = computed<readonly Row[]>(() => Array.from({ length: this.rows() }, (_, index) => ({ index })));
  protected readonly tableColumns = computed<readonly Column<Row>[]>(() => {
    shared.language();
    const row: Column<Row> = { id: '#', header: () => '#', value: ({ index }) => index + 1, numeric: true, width: '64px' };
    return [row, ...this.columns().map((column, at) => this.columnOf(column, at))];
  });
  protected readonly chart = computed(() => {
    shared.language();
    const at = this.drawn();
    const column = at === undefined ? undefined : this.columns()[at];
    const centre = column && middle(column.values);
    if (!column || centre === undefined) return undefined;
    const names = this.columns()[this.across()]?.values;
    const title = [this.label(), column.name].filter(Boolean).join(' · ');
    return {
      title,
      bare: true,
      language: language.value,
      label: `${this.zone() === 'gxp' ? 'GxP' : 'information only'} · ${title}`,
      file: `${this.zone() === 'gxp' ? 'GxP' : 'information-only'}_${title}`,
      points: column.values.slice(0, MOST_POINTS).map((value, index) => ({
        id: String(index),
        name: String(names?.[index] ?? index + 1),
        value: typeof value === 'number' ? value : null,
        group: 'reference' as const,
      })),
      // the chart starts at zero where it has no centre line
      limits: [{ name: t('mean'), value: centre, centre: true }],
      axes: [this.columns()[this.across()]?.name ?? t('row'), column.name || t('value')] as const,
      joined: this.across() === -1,
      groupNames: { reference: column.name || t('value') },
    };
  });
  protected readonly tooMany = computed(() => this.rows() > MOST_POINTS);

  protected nameOf(at: number): string {
    return this.columns()[at]?.name || t('value');
  }

  private columnOf({ name, values, numeric }: TableColumn, at: number): Column<Row> {
    return {
      id: `${at} ${name}`,
      header: () => name || t('value'),
      value: ({ index }) => values[index],
      text: ({ index }) => shown(values[index] ?? null),
      numeric,
      width: 'minmax(96px, 1fr)',
    };
  }
}

/** The mean of numbers that are not all the same. */
function middle(values: readonly Scalar[]): number | undefined {
  const numbers = values.slice(0, MOST_POINTS).filter((value): value is number => typeof value === 'number');
  if (new Set(numbers).size < 2) return undefined;
  return numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
}

function shown(value: Scalar): string {
  if (typeof value === 'number') return formatNumber(value, { digits: 6 });
  if (typeof value === 'boolean') return value ? 'TRUE' : 'FALSE';
  return value ?? 'NA';
}
