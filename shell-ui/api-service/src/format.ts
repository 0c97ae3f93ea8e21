import { locale } from './i18n';
import { remembered, Store, type Readable } from './store';

/** Whose clock times are shown in. */
export type ClockChoice = 'site' | 'user' | 'utc';
const CHOICES: readonly ClockChoice[] = ['site', 'user', 'utc'];

/** The choice of clock, remembered. */
export const clockChoice = remembered<ClockChoice>('clock', 'site', (value): value is ClockChoice =>
  CHOICES.some((choice) => choice === value),
);

const siteZone = new Store<string>('UTC');

/** Tells the formats the time zone of the site on show (IANA name). */
export function setSiteTimeZone(zone: string): void {
  siteZone.set(zone);
}

/** The time zone of the site on show. */
export const siteTimeZone: Readable<string> = siteZone;

/** The IANA name of the zone times are shown in now. */
export function timeZone(): string {
  if (clockChoice.value === 'utc') return 'UTC';
  return clockChoice.value === 'site' ? siteZone.value : Intl.DateTimeFormat().resolvedOptions().timeZone;
}

const cache = new Map<string, Intl.DateTimeFormat>();

function parts(at: number, zone: string): Record<string, string> {
  // the Swedish locale is ISO order in every zone
  let format = cache.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat('sv-SE', {
      timeZone: zone,
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      hourCycle: 'h23',
    });
    cache.set(zone, format);
  }
  return Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
}

type Instant = string | number | Date;
const millis = (at: Instant): number => (at instanceof Date ? at.getTime() : typeof at === 'number' ? at : Date.parse(at));

/** `2026-03-01`. */
export function formatDate(at: Instant, zone = timeZone()): string {
  const { year, month, day } = parts(millis(at), zone);
  return `${year}-${month}-${day}`;
}

/** `2026-03-01 14:05` or with seconds; the zone stands beside it, see `zoneName`. */
export function formatTime(at: Instant, options: { seconds?: boolean; zone?: string } = {}): string {
  const zone = options.zone ?? timeZone();
  const { hour, minute, second } = parts(millis(at), zone);
  return `${formatDate(at, zone)} ${hour}:${minute}${options.seconds ? `:${second}` : ''}`;
}

/** The instant that a clock of the zone shows as `2026-03-01T14:05`, what an input for date and time holds; nothing for other text. */
export function parseTime(text: string, zone = timeZone()): number | undefined {
  const wanted = Date.parse(`${text}Z`);
  if (Number.isNaN(wanted)) return undefined;
  const shown = (at: number): number => Date.parse(`${formatTime(at, { seconds: true, zone }).replace(' ', 'T')}Z`);
  // the second step meets the offset that holds at the place the first one came to
  const near = wanted - (shown(wanted) - wanted);
  return near - (shown(near) - wanted);
}

/** What to write beside times: `Europe/Zurich (GMT+1)`. */
export function zoneName(at: Instant = Date.now(), zone = timeZone()): string {
  if (zone === 'UTC') return 'UTC';
  const format = new Intl.DateTimeFormat('en-GB', { timeZone: zone, timeZoneName: 'shortOffset' });
  const offset = format.formatToParts(millis(at)).find(({ type }) => type === 'timeZoneName')?.value ?? '';
  return `${zone} (${offset})`;
}

/** `3 minutes ago`, in words of the language; exact times belong in the title beside it. */
export function formatAgo(at: Instant, now = Date.now()): string {
  const seconds = Math.round((millis(at) - now) / 1000);
  const format = new Intl.RelativeTimeFormat(locale(), { numeric: 'auto' });
  const steps: [Intl.RelativeTimeFormatUnit, number][] = [
    ['day', 86_400],
    ['hour', 3600],
    ['minute', 60],
  ];
  for (const [unit, size] of steps) if (Math.abs(seconds) >= size) return format.format(Math.trunc(seconds / size), unit);
  return format.format(0, 'second');
}

/** `1 h 05 min`, `12 min 30 s`, `850 ms`. */
export function formatDuration(seconds: number): string {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 60) return `${formatNumber(seconds, { digits: 3 })} s`;
  const whole = Math.round(seconds);
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  return h > 0 ? `${h} h ${String(m).padStart(2, '0')} min` : `${m} min ${String(s).padStart(2, '0')} s`;
}

/** A measured number with its significant digits (4 unless told); very large and small ones as a power of ten. */
export function formatNumber(value: number | null | undefined, options: { digits?: number; fraction?: number } = {}): string {
  if (value === null || value === undefined || Number.isNaN(value)) return '–';
  if (options.fraction !== undefined) {
    return new Intl.NumberFormat(locale(), { minimumFractionDigits: options.fraction, maximumFractionDigits: options.fraction }).format(
      value,
    );
  }
  const size = Math.abs(value);
  const notation = size !== 0 && (size >= 1e7 || size < 1e-4) ? 'scientific' : 'standard';
  const digits = options.digits ?? 4;
  // whole digits are never rounded away: 12 345 stays 12 345 at four digits
  const significant = notation === 'standard' ? Math.max(digits, Math.floor(Math.log10(size || 1)) + 1) : digits;
  return new Intl.NumberFormat(locale(), { maximumSignificantDigits: significant, notation, useGrouping: 'min2' }).format(value);
}

/** `18.2 MB`. */
export function formatBytes(bytes: number | null | undefined): string {
  if (bytes === null || bytes === undefined) return '–';
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const step = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  const size = bytes / 1000 ** step;
  return `${formatNumber(size, { fraction: step === 0 || size >= 100 ? 0 : 1 })} ${units[step]}`;
}
