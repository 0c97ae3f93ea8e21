import { api, formatDuration, formatNumber, serverText } from '@dcp/api-service';
import type { SourceWarning } from '@dcp/plant';

export type Condition = 'unknown' | 'good' | 'warning' | 'failed';

export interface DataServer {
  readonly name: string;
  readonly version: string;
  readonly connected: boolean;
}

/** A PI Web API server as it says itself and as its certificate shows. */
export interface Identity {
  readonly product: string;
  readonly version: string;
  readonly state: string;
  readonly up_minutes: number | null;
  readonly account: string;
  readonly data_servers: readonly DataServer[];
  readonly certificate_sha256: string | null;
  readonly latency_ms: number;
  readonly clock_difference_ms: number | null;
}

/** One answer; without latency it did not answer. */
export interface Check {
  readonly at: string;
  readonly latency_ms: number | null;
}

export interface Health {
  readonly condition: Condition;
  readonly since: string | null;
  readonly checked_at: string | null;
  readonly identity: Identity | null;
  readonly warnings: readonly SourceWarning[];
  readonly last_error: { readonly at: string; readonly title: string; readonly detail: string } | null;
  readonly checks: readonly Check[];
}

/** A source of process data of a site and how it is. */
export interface Source {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly url: string;
  readonly asset_server: string;
  readonly database: string;
  readonly data_server: string;
  /** Only for those who set up sources. */
  readonly credentials?: string;
  readonly ca_file?: string;
  /** Whether the site file names it: then it is changed there. */
  readonly from_file: boolean;
  /** Counts its changes. */
  readonly version: number;
  readonly health: Health;
}

/** A tag of an element. */
export interface Tag {
  readonly web_id: string;
  readonly name: string;
  readonly description: string;
  readonly unit: string;
  readonly type: string;
}

/** What a condition looks like; the word says it too. */
export const BADGE: Readonly<Record<Condition, string>> = {
  unknown: '',
  good: 'dcp-badge--good',
  warning: 'dcp-badge--warning',
  failed: 'dcp-badge--danger',
};

export const ADDRESS = '/api/framework/data-sources';

export const loadSources = (site: string, signal: AbortSignal): Promise<readonly Source[]> =>
  api.get(`${ADDRESS}/health`, { query: { site }, signal });

export const treeAddress = (source: string): string => `${ADDRESS}/${encodeURIComponent(source)}/elements`;
const below = (source: string, element: string): string => `${treeAddress(source)}/${encodeURIComponent(element)}`;
export const tagsAddress = (source: string, element: string): string => `${below(source, element)}/tags`;
export const batchesAddress = (source: string, element: string): string => `${below(source, element)}/batches`;

/** Asks the source now; answers when it has answered or been given up. */
export const checkSource = (site: string, id: string): Promise<Source> =>
  api.post(`${ADDRESS}/${encodeURIComponent(id)}/check`, undefined, { query: { site } });

/** Below a tenth of a second the tenths of a millisecond tell servers apart. */
export function latencyText(milliseconds: number): string {
  return milliseconds < 100 ? `${formatNumber(milliseconds, { digits: 2 })} ms` : formatDuration(milliseconds / 1000);
}

/** A sentence with a capital letter and a full stop. */
export function sentence(text: string): string {
  const translated = serverText(text);
  return translated.charAt(0).toLocaleUpperCase() + translated.slice(1) + (/[.!?]$/.test(translated) ? '' : '.');
}
