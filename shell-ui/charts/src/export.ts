// What leaves a chart: rows as CSV, pixels as PNG, both carrying the label of the zone they come from.

import type { Theme } from './theme';

export interface TableColumn {
  name: string;
  numeric?: boolean;
}

export interface Table {
  columns: TableColumn[];
  rows: (string | number | null)[][];
}

export interface LegendEntry {
  name: string;
  colour: string;
  dash?: readonly number[];
}

/** Rows as CSV (RFC 4180); lines that begin with # say what it is and where it comes from. */
export function csv(table: Table, remarks: readonly string[]): string {
  const cell = (value: string | number | null): string => {
    if (value === null) return '';
    const text = String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const lines = [table.columns.map((column) => cell(column.name)), ...table.rows.map((row) => row.map(cell))];
  return [...remarks.map((remark) => `# ${remark}`), ...lines.map((line) => line.join(','))].join('\r\n') + '\r\n';
}

export interface Picture {
  title: string;
  footer: string;
  legend: LegendEntry[];
  theme: Theme;
}

/** All canvases under an element on one picture, with title, legend and footer. */
export async function png(plot: HTMLElement, picture: Picture): Promise<Blob> {
  const ratio = Math.max(2, devicePixelRatio);
  const box = plot.getBoundingClientRect();
  const top = 28 + (picture.legend.length ? 20 : 0);
  const sheet = document.createElement('canvas');
  sheet.width = (box.width + 24) * ratio;
  sheet.height = (box.height + top + 32) * ratio;
  const pen = sheet.getContext('2d');
  if (!pen) throw new Error('this browser gives no canvas');
  pen.scale(ratio, ratio);
  pen.fillStyle = picture.theme.surface;
  pen.fillRect(0, 0, box.width + 24, box.height + top + 32);
  pen.fillStyle = picture.theme.text;
  pen.font = `600 14px ${picture.theme.font}`;
  pen.fillText(picture.title, 12, 20);
  drawLegend(pen, picture);
  for (const canvas of plot.querySelectorAll('canvas')) {
    const at = canvas.getBoundingClientRect();
    if (canvas.width && canvas.height) pen.drawImage(canvas, at.left - box.left + 12, at.top - box.top + top, at.width, at.height);
  }
  pen.font = `11px ${picture.theme.font}`;
  pen.fillStyle = picture.theme.muted;
  pen.fillText(picture.footer, 12, box.height + top + 22);
  return new Promise((done, failed) => sheet.toBlob((blob) => (blob ? done(blob) : failed(new Error('the picture could not be made')))));
}

function drawLegend(pen: CanvasRenderingContext2D, picture: Picture): void {
  pen.font = `12px ${picture.theme.font}`;
  let x = 12;
  for (const entry of picture.legend) {
    pen.strokeStyle = entry.colour;
    pen.lineWidth = 2;
    pen.setLineDash([...(entry.dash ?? [])]);
    pen.beginPath();
    pen.moveTo(x, 36);
    pen.lineTo(x + 22, 36);
    pen.stroke();
    pen.setLineDash([]);
    pen.fillStyle = picture.theme.text;
    pen.fillText(entry.name, x + 28, 40);
    x += 44 + pen.measureText(entry.name).width;
  }
}

/** Hands a file to the reader. */
export function save(content: Blob | string, name: string): void {
  const blob = typeof content === 'string' ? new Blob(['\uFEFF', content], { type: 'text/csv;charset=utf-8' }) : content;
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** A file name without characters that some system refuses. */
export function fileName(...parts: string[]): string {
  return parts
    .filter(Boolean)
    .join('_')
    .normalize('NFKD')
    .replace(/[^\w.+-]+/g, '-')
    .replace(/-+/g, '-');
}
