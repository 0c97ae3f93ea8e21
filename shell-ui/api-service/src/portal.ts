import { address } from './address';
import { eventStream } from './event-stream';
import { api } from './http';
import type { Localized } from './i18n';
import { Store, type Readable } from './store';

export type Zone = 'gxp' | 'nongxp';
export type ModuleState = 'ready' | 'starting' | 'stopping' | 'stopped' | 'failed';

/** A route of a module below /app/:site/. */
export interface PortalRoute {
  readonly path: string;
  readonly title: Localized;
  readonly icon?: string | null;
  readonly order?: number;
  readonly permission?: string | null;
  readonly menu?: boolean;
}

/** A module as the portal knows it. */
export interface PortalModule {
  readonly name: string;
  readonly title: Localized;
  readonly description?: Localized;
  readonly zone: Zone;
  readonly version: string;
  readonly node: string;
  readonly origin?: string;
  readonly state: ModuleState;
  readonly routes: readonly PortalRoute[];
  /** Address of its micro-frontend, with the version of its content. */
  readonly entry?: string | null;
}

/** A node of the tree that single-spa-layout draws. */
export interface LayoutNode {
  readonly type: string;
  readonly path?: string;
  readonly name?: string;
  readonly routes?: readonly LayoutNode[];
}

/** What the node tells the portal about itself and its modules. */
export interface Portal {
  readonly node: { readonly name: string; readonly zone: Zone; readonly version: string };
  readonly layout: { readonly routes: readonly LayoutNode[] };
  readonly modules: readonly PortalModule[];
}

const current = new Store<Portal | undefined>(undefined);

/** The portal's modules, live: `undefined` until loaded. */
export const portal: Readable<Portal | undefined> = current;

/** Reads the portal's modules. */
export async function loadPortal(): Promise<Portal> {
  const found = await api.get<Portal>('/portal.json', { anonymous: true });
  // the same again is no news
  if (JSON.stringify(found) !== JSON.stringify(current.value)) current.set(found);
  return found;
}

/** The event of a module that starts, stops or gets a new micro-frontend. */
interface ModuleEvents {
  module: { module: string; node: string; state: ModuleState; ui?: string | null };
}

/** A micro-frontend that is deployed without its module being started again makes no event. */
const LOOK_MS = 20_000;

/** Follows the modules' states and versions; a stream that was interrupted reads everything again. */
export function followModules(): () => void {
  const stream = eventStream<ModuleEvents>(
    '/api/node/events',
    {
      module: ({ module, node, state, ui }) => {
        const now = current.value;
        if (!now) return;
        const changed = (one: PortalModule): boolean => one.name === module && one.node === node;
        const known = now.modules.find(changed);
        if (!known) return void loadPortal().catch(() => undefined);
        // a module that has just been started may have brought a new micro-frontend
        if (ui == null) void loadPortal().catch(() => undefined);
        const entry = ui ?? known.entry ?? null;
        if (known.state === state && known.entry === entry) return;
        current.set({ ...now, modules: now.modules.map((one) => (changed(one) ? { ...one, state, entry } : one)) });
      },
    },
    (again) => {
      if (again) void loadPortal().catch(() => undefined);
    },
  );
  const timer = setInterval(() => {
    if (!document.hidden) void loadPortal().catch(() => undefined);
  }, LOOK_MS);
  return () => {
    clearInterval(timer);
    stream.close();
  };
}

/** Whether the address is at a route or below it. */
function matches(route: PortalRoute): boolean {
  const { site, route: shown, rest } = address.value;
  return site !== undefined && `${[shown, ...rest].join('/')}/`.startsWith(`${route.path}/`);
}

/** The pages outside every site and the modules that draw them. */
const OUTSIDE: Readonly<Record<string, string>> = { login: 'login', sites: 'framework' };

/** The module whose page is on show: that of the node in the query, where several nodes host it. */
export function currentModule(): PortalModule | undefined {
  const { site, route, query } = address.value;
  const outside = site === undefined ? OUTSIDE[route ?? ''] : undefined;
  const fitting = (current.value?.modules ?? []).filter(({ name, routes }) => name === outside || routes.some(matches));
  const wanted = new URLSearchParams(query).get('node');
  return fitting.find(({ node }) => node === wanted) ?? fitting[0];
}

/** The route on show: the nearest one, when a route stands below another. */
export function currentRoute(): PortalRoute | undefined {
  const found = (currentModule()?.routes ?? []).filter(matches);
  return found.sort((a, b) => b.path.length - a.path.length)[0];
}
