// Where in these pages the address is, and the addresses of the other ones. The engine's node stands in the query of all.

import { computed } from '@angular/core';
import { siteAddress, type Zone } from '@dcp/api-service';
import { shared } from '@dcp/kit';
import { Server } from './server';

export type Place =
  | { readonly page: 'scripts' | 'publish' | 'calls' | 'engines' }
  | { readonly page: 'call'; readonly id: string }
  | { readonly page: 'script'; readonly script: string }
  | { readonly page: 'function'; readonly script: string; readonly name: string };

/** A node that hosts an engine. */
export interface EngineNode {
  readonly name: string;
  readonly zone: Zone;
  readonly version: string;
}

/** The page that the segments below /calc mean. */
export function placeOf([first, second, third]: readonly string[]): Place {
  if (first === 'publish' || first === 'engines') return { page: first };
  if (first === 'calls') return second ? { page: 'call', id: second } : { page: 'calls' };
  if (first !== 'scripts' || !second) return { page: 'scripts' };
  return third ? { page: 'function', script: second, name: third } : { page: 'script', script: second };
}

export const place = computed(() => placeOf(shared.address().rest));

/** The nodes that host an engine, that of the portal first. */
export const nodes = computed<readonly EngineNode[]>(() =>
  (shared.portal()?.modules ?? []).filter(({ name }) => name === 'calc').map(({ node, zone, version }) => ({ name: node, zone, version })),
);

/** The node whose engine these pages show. */
export const chosen = computed<EngineNode | undefined>(() => {
  const wanted = new URLSearchParams(shared.address().query).get('node');
  return nodes().find(({ name }) => name === wanted) ?? nodes()[0];
});

/** The engine of that node. */
export const server = computed(() => new Server(chosen()?.name ?? ''));

/** The address of a page below /calc, on the node on show unless told. */
export function link(path = '', query: Readonly<Record<string, string | undefined>> = {}): string {
  const first = nodes()[0]?.name;
  const all = { node: chosen()?.name, ...query };
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(all)) {
    if (value && !(name === 'node' && value === first)) search.set(name, value);
  }
  const text = search.toString();
  return siteAddress(path ? `calc/${path}` : 'calc', shared.address().site) + (text ? `?${text}` : '');
}

export const scriptLink = (name: string, query: Readonly<Record<string, string | undefined>> = {}): string =>
  link(`scripts/${encodeURIComponent(name)}`, query);

export const functionLink = (script: string, name: string, query: Readonly<Record<string, string | undefined>> = {}): string =>
  link(`scripts/${encodeURIComponent(script)}/${encodeURIComponent(name)}`, query);
