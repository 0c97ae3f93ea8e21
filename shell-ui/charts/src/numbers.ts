// How charts write numbers, durations and times: significant digits by rule, ISO order, the zone named.

import type { Language } from './words';

const formats = new Map<string, Intl.NumberFormat>();

/** A number with at most `digits` significant digits; very large and very small ones in powers of ten. */
export function number(value: number | null | undefined, language: Language, digits = 4): string {
  if (value == null || !Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  const scientific = size !== 0 && (size >= 1e7 || size < 1e-4);
  const key = `${language}${digits}${scientific}${size >= 10 ** digits}`;
  let format = formats.get(key);
  if (!format) {
    format = new Intl.NumberFormat(language === 'de' ? 'de-DE' : 'en-GB', {
      ...(size >= 10 ** digits && !scientific ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: digits }),
      notation: scientific ? 'scientific' : 'standard',
      useGrouping: false,
    });
    formats.set(key, format);
  }
  return format.format(value).replace(/^-/, '−');
}

/** A length of time in the largest two units that matter. */
export function duration(seconds: number): string {
  const minutes = Math.round(seconds / 60);
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${String(minutes % 60).padStart(2, '0')} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** A moment in ISO order in the given zone, to the second or, for a day and minute, shorter. */
export function moment(ms: number, timeZone: string, precision: 'second' | 'minute' = 'second'): string {
  const parts = new Intl.DateTimeFormat('sv-SE', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    ...(precision === 'second' ? { second: '2-digit' } : {}),
  });
  return parts.format(ms);
}
