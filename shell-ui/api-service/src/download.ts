/** Hands a file to the browser to save. */
export function saveFile(name: string, content: Blob): void {
  const url = URL.createObjectURL(content);
  const anchor = document.createElement('a');
  anchor.href = url;
  anchor.download = name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

/** One cell of a CSV file. */
export type Cell = string | number | boolean | null | undefined;

/** A cell as RFC 4180 text; a text that a spreadsheet would run as a formula is made harmless. */
function cell(value: Cell): string {
  if (value === null || value === undefined) return '';
  if (typeof value !== 'string') return String(value);
  const safe = /^[=+\-@\t\r]/.test(value) && !Number.isFinite(Number(value)) ? `'${value}` : value;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Rows as CSV text: comma, point as decimal sign, CRLF, the same in every language so that scripts can read it. */
export function toCsv(header: readonly string[], rows: Iterable<readonly Cell[]>): string {
  const lines = [header.map(cell).join(',')];
  for (const row of rows) lines.push(row.map(cell).join(','));
  return lines.join('\r\n') + '\r\n';
}

/** Saves rows as a CSV file. */
export function saveCsv(name: string, header: readonly string[], rows: Iterable<readonly Cell[]>): void {
  // spreadsheets take UTF-8 only with this mark
  saveFile(name.endsWith('.csv') ? name : `${name}.csv`, new Blob(['\ufeff', toCsv(header, rows)], { type: 'text/csv;charset=utf-8' }));
}

/** Saves a canvas as PNG on the page's background. */
export async function savePng(name: string, canvas: HTMLCanvasElement): Promise<void> {
  const copy = document.createElement('canvas');
  copy.width = canvas.width;
  copy.height = canvas.height;
  const context = copy.getContext('2d');
  if (!context) throw new Error('this browser cannot draw the picture');
  context.fillStyle = getComputedStyle(document.body).backgroundColor;
  context.fillRect(0, 0, copy.width, copy.height);
  context.drawImage(canvas, 0, 0);
  const blob = await new Promise<Blob | null>((done) => copy.toBlob(done, 'image/png'));
  if (!blob) throw new Error('this browser cannot write the picture');
  saveFile(name.endsWith('.png') ? name : `${name}.png`, blob);
}
