// The values behind a chart as a table; only the rows in sight exist, so that ten thousand rows cost as little as ten.

import type { Table } from './export';
import { number } from './numbers';
import { say, type Language } from './words';

const ROW = 24;
const SPARE = 12;

export function showTable(host: HTMLElement, data: Table, language: Language, title: string): void {
  host.tabIndex = 0;
  host.setAttribute('role', 'region');
  host.setAttribute('aria-label', `${title}: ${say(language, 'rows', { count: data.rows.length })}`);
  const table = document.createElement('table');
  table.setAttribute('aria-rowcount', String(data.rows.length + 1));
  const head = table.createTHead().insertRow();
  for (const column of data.columns) {
    const cell = document.createElement('th');
    cell.scope = 'col';
    cell.textContent = column.name;
    if (column.numeric) cell.className = 'num';
    head.append(cell);
  }
  const body = table.createTBody();
  host.replaceChildren(table);
  const draw = (): void => drawRows(host, body, data, language);
  host.onscroll = draw;
  draw();
}

function drawRows(host: HTMLElement, body: HTMLTableSectionElement, data: Table, language: Language): void {
  const seen = Math.ceil((host.clientHeight || 360) / ROW);
  const first = Math.max(0, Math.floor(host.scrollTop / ROW) - SPARE);
  const last = Math.min(data.rows.length, first + seen + 2 * SPARE);
  body.replaceChildren(spacer(first * ROW));
  for (let at = first; at < last; at++) {
    const row = body.insertRow();
    row.setAttribute('aria-rowindex', String(at + 2));
    (data.rows[at] ?? []).forEach((value, column) => {
      const cell = row.insertCell();
      const numeric = data.columns[column]?.numeric ?? false;
      cell.textContent = numeric && typeof value !== 'string' ? number(value, language, 6) : (value ?? '–').toString();
      if (numeric) cell.className = 'num';
    });
  }
  body.append(spacer((data.rows.length - last) * ROW));
}

function spacer(height: number): HTMLTableRowElement {
  const row = document.createElement('tr');
  row.setAttribute('aria-hidden', 'true');
  row.style.height = `${height}px`;
  return row;
}
