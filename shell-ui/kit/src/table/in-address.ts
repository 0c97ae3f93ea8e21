import { Directive, effect, inject, input, type Signal } from '@angular/core';
import { sortFromText, sortToText } from './column';
import { DataTable } from './data-table';

/** What of a page's state belongs to its table; a table without `sort` is sorted for the moment only. */
interface Arrangement {
  readonly q: string;
  readonly sort?: string;
}

/** The state of a page in its address, as `injectQueryState` gives it. */
interface Place {
  readonly state: Signal<Arrangement>;
  readonly set: (change: Partial<Arrangement>, options: { replace: boolean }) => void;
}

/** Keeps in the address what a table is filtered for and sorted by: `<dcp-table [dcpInAddress]="place">`. */
@Directive({ selector: 'dcp-table[dcpInAddress]' })
export class InAddress {
  readonly place = input.required<Place>({ alias: 'dcpInAddress' });

  constructor() {
    const table = inject<DataTable<unknown>>(DataTable);
    effect(() => {
      const { q, sort } = this.place().state();
      table.filter.set(q);
      if (sort !== undefined) table.sort.set(sortFromText(sort));
    });
    table.filter.subscribe((q) => this.keep({ q }));
    table.sort.subscribe((sort) => {
      if (this.place().state().sort !== undefined) this.keep({ sort: sortToText(sort) });
    });
  }

  private keep(change: Partial<Arrangement>): void {
    const now = this.place().state();
    const differs = Object.entries(change).some(([name, value]) => now[name as keyof Arrangement] !== value);
    if (differs) this.place().set(change, { replace: true });
  }
}
