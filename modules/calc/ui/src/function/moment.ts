// Dates and instants as an entry has them: texts of RFC 3339, as the engine takes them.

/** What stands for a date in the form that is not complete yet: neither nothing nor a date. */
export const INCOMPLETE = '…';

const INSTANT = /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2})(:\d{2})?(\.\d{1,6})?([Zz]|[+-]\d{2}:\d{2})?$/;

/** Whether a text is a day of the calendar, `2026-01-31`. */
export function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const at = new Date(`${text}T00:00:00Z`);
  // a day that a month does not have is one of the next month
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text);
}

/** An instant as the engine takes it; null where its offset from UTC is missing, nothing for other texts. */
export function instantIn(text: string): string | null | undefined {
  const [, day = '', minute = '', second = ':00', fraction = '', offset] = INSTANT.exec(text) ?? [];
  if (!isDate(day) || Number.isNaN(Date.parse(`${day}T${minute}${second}Z`)) || minute.startsWith('24')) return undefined;
  if (offset === undefined) return null;
  return `${day}T${minute}${second}${fraction}${offset.toUpperCase()}`;
}
