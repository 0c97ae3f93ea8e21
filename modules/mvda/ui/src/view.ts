// The whole view as one state in the address: who opens the link sees the same.

import { computed, inject, Injectable } from '@angular/core';
import { query } from '@dcp/api-service';
import { injectQueryState, shared } from '@dcp/kit';

export const TABS = ['batches', 'trend', 'overlay', 'models'] as const;
export const SECTIONS = ['overview', 'course', 'tag', 'record'] as const;
export const RANGES = ['batch', '8h', '24h', '3d', '7d', 'all', 'own'] as const;

@Injectable()
export class View {
  private readonly bound = injectQueryState({
    source: query.text(),
    unit: query.text(),
    path: query.text(),
    tab: query.oneOf(TABS, 'batches'),
    batches: query.list(),
    batch: query.text(),
    tags: query.list(),
    range: query.oneOf(RANGES, 'batch'),
    start: query.text(),
    end: query.text(),
    from: query.number(),
    to: query.number(),
    layout: query.oneOf(['lanes', 'shared'] as const, 'lanes'),
    /** Key of the phase to which an overlay is limited. */
    phase: query.text(),
    align: query.oneOf(['elapsed', 'maturity'] as const, 'elapsed'),
    model: query.text(),
    create: query.oneOf(['', 'evolution', 'level'] as const, ''),
    section: query.oneOf(SECTIONS, 'overview'),
    statistic: query.oneOf(['spe', 't2'] as const, 'spe'),
    maturity: query.number(),
    at: query.number(),
    tag: query.text(),
    x: query.number(1),
    y: query.number(2),
    scale: query.oneOf(['log', 'linear'] as const, 'log'),
    search: query.text(),
    sort: query.text(),
  });

  readonly state = this.bound.state;
  readonly set = this.bound.set;
  readonly href = this.bound.href;
  readonly site = computed(() => shared.address().site ?? '');
  readonly unitName = computed(() => this.state().path.split('\\').filter(Boolean).at(-1) ?? '');
}

/** The view of the component's application. */
export function injectView(): View {
  return inject(View);
}
