import { CdkFixedSizeVirtualScroll, CdkVirtualForOf, CdkVirtualScrollableElement, CdkVirtualScrollViewport } from '@angular/cdk/scrolling';
import { NgTemplateOutlet } from '@angular/common';
import {
  ChangeDetectionStrategy,
  Component,
  computed,
  contentChildren,
  type ElementRef,
  input,
  model,
  output,
  viewChild,
} from '@angular/core';
import { saveCsv } from '@dcp/api-service';
import { Icon } from '../icon';
import { shared } from '../signals';
import { words } from '../texts';
import { filtered, sorted } from './arrange';
import { CellTemplate } from './cell';
import { shownText, type Column, type Sort } from './column';
import { moved, select, type Gesture } from './selection';

let last = 0;
/** Heights of a row, the same as `--dcp-row`. */
const ROW = { compact: 28, comfortable: 36 } as const;

/**
 * The portal's table: sorts, filters by typing, selects by mouse and keyboard (arrows move; Space toggles; Shift extends; Ctrl+A takes
 * all; Enter opens; Esc clears), saves what it shows as CSV, and draws only the rows in view. Its state is two-way bound, so that a page
 * can keep it in the address.
 */
@Component({
  selector: 'dcp-table',
  imports: [CdkFixedSizeVirtualScroll, CdkVirtualForOf, CdkVirtualScrollViewport, CdkVirtualScrollableElement, Icon, NgTemplateOutlet],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './data-table.html',
  styleUrl: './data-table.css',
})
export class DataTable<T> {
  readonly rows = input.required<readonly T[]>();
  readonly columns = input.required<readonly Column<T>[]>();
  /** What identifies a row in the selection. */
  readonly key = input.required<(row: T) => string>();
  /** What the rows are, for the accessible name. */
  readonly label = input.required<string>();
  readonly selectable = input<'none' | 'one' | 'many'>('none');
  /** Whether a row can be opened: by Enter or a double click, or by a click where nothing can be selected. */
  readonly openable = input(false);
  /** Name of the CSV file; without one nothing can be saved. */
  readonly file = input<string>();
  readonly filterable = input(true);
  /** The tallest the rows may become before they scroll, as CSS. */
  readonly maxHeight = input('60vh');

  readonly selected = model<ReadonlySet<string>>(new Set());
  readonly filter = model('');
  readonly sort = model<Sort | undefined>(undefined);
  readonly opened = output<T>();

  protected readonly t = words;
  protected readonly id = `dcp-table-${++last}`;
  protected readonly shownText = shownText;
  protected readonly active = model(0);
  private anchor = 0;
  private readonly cells = contentChildren<CellTemplate<T>>(CellTemplate);
  private readonly grid = viewChild.required<ElementRef<HTMLElement>>('grid');
  private readonly search = viewChild<ElementRef<HTMLInputElement>>('search');

  protected readonly shown = computed(() => {
    shared.language();
    return sorted(filtered(this.rows(), this.columns(), this.filter()), this.columns(), this.sort());
  });
  protected readonly keys = computed(() => this.shown().map(this.key()));
  protected readonly rowHeight = computed(() => ROW[shared.density()]);
  protected readonly tracks = computed(() => {
    const mark = this.selectable() === 'many' ? '32px ' : '';
    return (
      mark +
      this.columns()
        .map(({ width }) => width ?? 'minmax(96px, 1fr)')
        .join(' ')
    );
  });
  /** The sum of the narrowest tracks: below it the table scrolls sideways. */
  protected readonly narrowest = computed(() => {
    const widths = this.columns().map(({ width }) => Number(/(\d+)px/.exec(width ?? '96px')?.[1] ?? 96));
    return widths.reduce((sum, width) => sum + width, this.selectable() === 'many' ? 32 : 0);
  });
  protected readonly count = computed(() => {
    const [shown, count] = [this.shown().length, this.rows().length];
    return shown === count ? words('rows', { count }) : words('rowsOf', { shown, count });
  });
  protected readonly templates = computed(() => new Map(this.cells().map((cell) => [cell.column(), cell.template])));
  protected readonly activeId = computed(() =>
    this.shown().length ? `${this.id}-${Math.min(this.active(), this.shown().length - 1)}` : null,
  );
  /** CDK wants one function for all rows. */
  protected readonly track = (_: number, row: T): string => this.key()(row);

  protected ariaSort(column: Column<T>): 'ascending' | 'descending' | 'none' {
    const sort = this.sort();
    if (sort?.column !== column.id) return 'none';
    return sort.descending ? 'descending' : 'ascending';
  }

  protected sortBy(column: Column<T>): void {
    const now = this.sort();
    this.sort.set({ column: column.id, descending: now?.column === column.id && !now.descending });
  }

  protected clicked(event: MouseEvent, index: number): void {
    // a link or a button inside the row keeps its own click
    if ((event.target as Element).closest('a, button, input, select')) return;
    const row = this.shown()[index];
    if (this.selectable() === 'none' && this.openable() && row !== undefined) this.opened.emit(row);
    const onMark = (event.target as Element).closest('[data-mark]') !== null;
    this.choose(
      index,
      event.shiftKey ? (event.ctrlKey ? 'range-more' : 'range') : onMark || event.ctrlKey || event.metaKey ? 'toggle' : 'only',
    );
  }

  protected doubleClicked(index: number): void {
    const row = this.shown()[index];
    if (this.selectable() !== 'none' && this.openable() && row !== undefined) this.opened.emit(row);
  }

  protected pressed(event: KeyboardEvent): void {
    const count = this.shown().length;
    if (count === 0 || event.target !== this.grid().nativeElement) {
      this.toFilter(event);
      return;
    }
    const from = Math.min(this.active(), count - 1);
    const page = Math.max(1, Math.floor(this.grid().nativeElement.clientHeight / this.rowHeight()) - 2);
    const to = moved(event.key, from, count, page);
    if (to !== undefined) {
      this.reveal(to);
      if (event.shiftKey) this.choose(to, 'range');
      else if (this.selectable() === 'one') this.choose(to, 'only');
      else this.active.set(to);
      if (!event.shiftKey) this.anchor = to;
    } else if (event.key === ' ') this.choose(from, event.shiftKey ? 'range' : 'toggle');
    else if (event.key === 'a' && (event.ctrlKey || event.metaKey) && this.selectable() === 'many') this.selected.set(new Set(this.keys()));
    else if (event.key === 'Escape' && this.selected().size > 0) this.selected.set(new Set());
    else if (event.key === 'Enter' && this.openable()) this.opened.emit(this.shown()[from] as T);
    else {
      this.toFilter(event);
      return;
    }
    event.preventDefault();
  }

  protected save(): void {
    const columns = this.columns();
    const header = columns.map(({ header: title, unit }) => (unit ? `${title()} [${unit()}]` : title()));
    saveCsv(
      this.file() ?? this.label(),
      header,
      this.shown().map((row) => columns.map((column) => column.value(row))),
    );
  }

  private choose(index: number, gesture: Gesture): void {
    this.active.set(index);
    const kind = this.selectable();
    if (kind === 'none') return;
    const own: Gesture = kind === 'one' && gesture !== 'toggle' ? 'only' : gesture;
    const before =
      kind === 'one' && own === 'toggle' ? new Set([...this.selected()].filter((one) => one === this.keys()[index])) : this.selected();
    if (own === 'only' || own === 'toggle') this.anchor = index;
    this.selected.set(select(this.keys(), before, index, this.anchor, own));
  }

  /** Typing on the table goes to the filter. */
  private toFilter(event: KeyboardEvent): void {
    if (
      event.target !== this.grid().nativeElement ||
      event.key.length !== 1 ||
      event.ctrlKey ||
      event.metaKey ||
      event.altKey ||
      event.key === ' '
    )
      return;
    this.search()?.nativeElement.focus();
  }

  /** Scrolls just so far that a row is in view below the header. */
  private reveal(index: number): void {
    const grid = this.grid().nativeElement;
    const height = this.rowHeight();
    const top = index * height;
    const room = grid.clientHeight - height;
    if (top < grid.scrollTop) grid.scrollTop = top;
    else if (top + height > grid.scrollTop + room) grid.scrollTop = top + height - room;
  }
}
