import { Store, type Readable } from './store';

/** The parts of the portal's address: /app/:site/:route/rest?query. */
export interface Address {
  readonly path: string;
  readonly site: string | undefined;
  /** First segment below the site: `home`, `mvda`, `administration`. */
  readonly route: string | undefined;
  /** Segments below the route. */
  readonly rest: readonly string[];
  readonly query: string;
}

function parse(): Address {
  const path = location.pathname;
  const segments = path.split('/').filter(Boolean).map(decodeURIComponent);
  const inside = segments[0] === 'app';
  return {
    path,
    site: inside ? segments[1] : undefined,
    route: inside ? segments[2] : segments[0],
    rest: inside ? segments.slice(3) : segments.slice(1),
    query: location.search,
  };
}

const current = new Store<Address>(parse());
const refresh = (): void => {
  const next = parse();
  if (next.path !== current.value.path || next.query !== current.value.query) current.set(next);
};
addEventListener('popstate', refresh);
// single-spa tells of pushState and replaceState by whomever
addEventListener('single-spa:before-routing-event', refresh);

/** The address the browser shows. */
export const address: Readable<Address> = current;

/** Goes to another address of the portal without loading the page again. */
export function navigate(to: string, options: { replace?: boolean } = {}): void {
  const target = new URL(to, location.href);
  if (target.href === location.href) return;
  history[options.replace ? 'replaceState' : 'pushState'](null, '', target.pathname + target.search + target.hash);
  refresh();
}

/** The address of a route at a site, the current one unless told. */
export function siteAddress(route: string, site = address.value.site): string {
  return site === undefined ? '/sites' : `/app/${encodeURIComponent(site)}/${route}`;
}

/** A click handler for the portal's own links: keeps the new-tab gestures of the browser. */
export function followLink(event: MouseEvent): void {
  const anchor = (event.currentTarget ?? event.target) as HTMLAnchorElement;
  if (event.defaultPrevented || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  navigate(anchor.href);
}
