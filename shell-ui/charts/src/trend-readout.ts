// The values at the cursor, at the mark and their difference, with the extremes of what is shown: one row per tag.

import { moment, number } from './numbers';
import { DASHES, type Theme } from './theme';
import { colourOf } from './trend-lane';
import { figures, valueAt, type TrendSeries } from './trend-model';
import { unitWords } from './units';
import { say, type Language } from './words';
import type { Range } from './zoom';

export interface ReadoutState {
  series: readonly TrendSeries[];
  hidden: ReadonlySet<string>;
  range: Range;
  timeZone: string;
  theme: Theme;
  language: Language;
  dashed: boolean;
}

export class Readout {
  private readonly table = document.createElement('table');
  private readonly cells = new Map<string, { cursor: HTMLElement; mark: HTMLElement; difference: HTMLElement; row: HTMLElement }>();
  private cursorHead = document.createElement('th');
  private markHead = document.createElement('th');
  private state: ReadoutState | undefined;

  constructor(
    host: HTMLElement,
    private readonly toggled: (id: string) => void,
  ) {
    host.className = 'dcp-figure-foot dcp-figure-readout';
    host.append(this.table);
  }

  /** Builds the rows anew: after other data, another range or another theme. */
  show(state: ReadoutState): void {
    this.state = state;
    const { language } = state;
    const words = (key: Parameters<typeof say>[1]): string => say(language, key);
    this.table.replaceChildren();
    this.cells.clear();
    const head = this.table.createTHead().insertRow();
    const column = (text: string, numeric: boolean): HTMLTableCellElement => {
      const cell = document.createElement('th');
      cell.scope = 'col';
      cell.textContent = text;
      if (numeric) cell.className = 'num';
      head.append(cell);
      return cell;
    };
    column(words('tag'), false);
    column(words('unit'), false);
    this.cursorHead = column(words('cursor'), true);
    this.markHead = column(words('pinned'), true);
    column(words('difference'), true);
    for (const key of ['minimum', 'mean', 'maximum'] as const) column(words(key), true);
    column(words('remark'), false);
    const body = this.table.createTBody();
    state.series.forEach((series, place) => this.row(body, series, place, state));
  }

  /** Writes the values at the cursor and at the mark. */
  move(cursor: number | null, mark: number | null, active: string | undefined): void {
    const { state } = this;
    if (!state) return;
    const { language, timeZone } = state;
    this.cursorHead.textContent = cursor === null ? say(language, 'cursor') : moment(cursor, timeZone);
    this.markHead.textContent = mark === null ? say(language, 'pinned') : moment(mark, timeZone);
    for (const series of state.series) {
      const cells = this.cells.get(series.id);
      if (!cells) continue;
      const here = cursor === null ? null : valueAt(series, cursor);
      const there = mark === null ? null : valueAt(series, mark);
      cells.cursor.textContent = number(here, language);
      cells.mark.textContent = mark === null ? '' : number(there, language);
      cells.difference.textContent = here === null || there === null ? '' : number(here - there, language);
      cells.row.classList.toggle('active', series.id === active);
    }
  }

  private row(body: HTMLTableSectionElement, series: TrendSeries, place: number, state: ReadoutState): void {
    const row = body.insertRow();
    const shown = !state.hidden.has(series.id);
    row.classList.toggle('off', !shown);
    const head = document.createElement('th');
    head.scope = 'row';
    head.append(this.toggle(series, place, shown, state));
    row.append(head);
    const cell = (text: string, className = 'num'): HTMLElement => {
      const element = row.insertCell();
      element.textContent = text;
      element.className = className;
      return element;
    };
    cell(unitWords(series.unit, state.language), '');
    const cursor = cell('–');
    const mark = cell('');
    const difference = cell('');
    const { min, mean, max } = figures(series, state.range);
    for (const value of [min, mean, max]) cell(number(value, state.language));
    cell(remark(series, state.language), 'note');
    this.cells.set(series.id, { cursor, mark, difference, row });
  }

  private toggle(series: TrendSeries, place: number, shown: boolean, state: ReadoutState): HTMLButtonElement {
    const button = document.createElement('button');
    button.type = 'button';
    button.setAttribute('aria-pressed', String(shown));
    button.title = series.description ?? series.name;
    button.style.borderColor = 'transparent';
    button.append(swatch(colourOf(state.theme, place), state.dashed ? (DASHES[place % DASHES.length] ?? []) : []), series.name);
    button.addEventListener('click', () => this.toggled(series.id));
    return button;
  }
}

function remark(series: TrendSeries, language: Language): string {
  const states = new Set((series.bad ?? []).map((stretch) => stretch.state));
  const empty = !states.size && series.values.every((value) => value === null);
  const notes = states.size ? [[...states].join(', ')] : empty ? [say(language, 'empty')] : [];
  if (series.downsampled && series.samples)
    notes.push(say(language, 'downsampled', { shown: series.values.length, samples: series.samples }));
  return notes.join(' · ');
}

/** A piece of line in the colour and dash of a series. */
export function swatch(colour: string, dash: readonly number[]): SVGSVGElement {
  const space = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(space, 'svg');
  svg.setAttribute('class', 'dcp-figure-swatch');
  svg.setAttribute('aria-hidden', 'true');
  svg.setAttribute('viewBox', '0 0 26 10');
  const line = document.createElementNS(space, 'path');
  line.setAttribute('d', 'M0 5H26');
  line.setAttribute('stroke', colour);
  line.setAttribute('stroke-width', '2.5');
  if (dash.length) line.setAttribute('stroke-dasharray', dash.join(' '));
  svg.append(line);
  return svg;
}
