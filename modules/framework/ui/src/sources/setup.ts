import { api } from '@dcp/api-service';
import type { SourceWarning } from '@dcp/plant';
import { ADDRESS, type Identity, type Source } from './model';

/** Allows to add, change and take out the sources of a site. */
export const SOURCES = 'framework.sources';
/** Kind of the problem of a set-up that the server does not confirm. */
export const UNCONFIRMED = 'urn:dcp:problem:source-unconfirmed';

/** What can be changed about a source. */
export interface Setup {
  readonly name: string;
  readonly url: string;
  readonly asset_server: string;
  readonly database: string;
  readonly data_server: string;
  readonly credentials: string;
  readonly ca_file: string | null;
}

export const PARTS = ['name', 'url', 'asset_server', 'database', 'data_server', 'credentials', 'ca_file'] as const;
export type Part = (typeof PARTS)[number];

/** What a server says to a set-up. */
export interface Trial {
  readonly findings: readonly { readonly pointer: string; readonly title: string; readonly detail: string }[];
  readonly warnings: readonly SourceWarning[];
  readonly identity: Identity | null;
}

/** Why something is done, on what state, and whether although the server does not confirm it. */
export interface Order {
  readonly seen: number;
  readonly reason: string;
  readonly unconfirmed: boolean;
}

export type Action = 'added' | 'changed' | 'removed' | 'restored' | 'released';

/** One state of a source, who made it and why. */
export interface Change {
  readonly source: string;
  readonly version: number;
  readonly action: Action;
  readonly reason: string;
  readonly answered: boolean | null;
  readonly by: { readonly id: string; readonly name: string };
  readonly at: string;
  readonly setup: Setup;
  /** What it was before; none when it was added. */
  readonly former: Setup | null;
  readonly restorable: boolean;
}

export interface Changes {
  readonly items: readonly Change[];
  /** Where the older ones begin; absent when there are none. */
  readonly next: string | null;
}

const of = (id: string): string => `${ADDRESS}/${encodeURIComponent(id)}`;

export const setups = {
  tryOut: (site: string, id: string, setup: Setup): Promise<Trial> => api.post(`${ADDRESS}/try`, { id, setup }, { query: { site } }),
  add: (site: string, id: string, setup: Setup, order: Order): Promise<Source> =>
    api.post(ADDRESS, { id, setup, ...order }, { query: { site } }),
  change: (site: string, id: string, setup: Setup, order: Order): Promise<Source> =>
    api.put(of(id), { setup, ...order }, { query: { site } }),
  remove: (site: string, id: string, order: Order): Promise<unknown> => api.post(`${of(id)}/remove`, order, { query: { site } }),
  restore: (site: string, id: string, version: number, order: Order): Promise<Source> =>
    api.post(`${of(id)}/restore`, { version, ...order }, { query: { site } }),
  changes: (site: string, before: string | undefined, signal?: AbortSignal): Promise<Changes> =>
    api.get(`${ADDRESS}/changes`, { query: { site, before }, ...(signal ? { signal } : {}) }),
};

/** The set-up of a source, or an empty one. */
export function setupOf(source: Source | undefined): Setup {
  return {
    name: source?.name ?? '',
    url: source?.url ?? 'https://',
    asset_server: source?.asset_server ?? '',
    database: source?.database ?? '',
    data_server: source?.data_server ?? '',
    credentials: source ? (source.credentials ?? '') : 'pi/',
    ca_file: source?.ca_file ?? null,
  };
}

/** An id as results will name it, made of a name. */
export function idOf(name: string): string {
  const plain = name.normalize('NFD').replace(/\p{Mark}/gu, '');
  return plain
    .toLowerCase()
    .replace(/ß/g, 'ss')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 64);
}

/** What a change made different from the state before it. */
export function differences({ setup, former }: Change): { part: Part; from: string; to: string }[] {
  if (!former) return [];
  return PARTS.filter((part) => former[part] !== setup[part]).map((part) => ({ part, from: former[part] ?? '', to: setup[part] ?? '' }));
}
