import { address } from './address';
import { setSiteTimeZone } from './format';
import { api } from './http';
import { remembered, Store, type Readable } from './store';

/** A site of the company that the user has a grant at. */
export interface Site {
  readonly id: string;
  readonly name: string;
  readonly country: string;
  readonly time_zone: string;
  readonly data_sources: number;
}

const known = new Store<readonly Site[] | undefined>(undefined);

/** The user's sites: `undefined` until loaded. */
export const sites: Readable<readonly Site[] | undefined> = known;

/** The site the user worked at last. */
export const lastSite = remembered<string>('site', '', (value): value is string => typeof value === 'string');

/** The site in the address, once the sites are loaded. */
export function currentSite(): Site | undefined {
  return known.value?.find(({ id }) => id === address.value.site);
}

function follow(): void {
  const site = currentSite();
  if (!site) return;
  setSiteTimeZone(site.time_zone);
  lastSite.set(site.id);
}
address.subscribe(follow);
known.subscribe(follow);

/** Reads the user's sites. */
export async function loadSites(): Promise<readonly Site[]> {
  const found = await api.get<readonly Site[]>('/api/framework/sites');
  known.set(found);
  return found;
}
