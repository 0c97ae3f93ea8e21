import { address } from './address';
import { eventStream } from './event-stream';
import { api } from './http';
import type { Localized } from './i18n';
import { Store, type Readable } from './store';

export type Zone = 'gxp' | 'nongxp';
export type ModuleState = 'ready' | 'starting' | 'stopped' | 'failed';

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

/** What the node tells the portal about itself and its modules. */
export interface Portal {
  readonly node: { readonly name: string; readonly zone: Zone; readonly version: string };
  readonly layout?: unknown;
  readonly modules: readonly PortalModule[];
}

const current = new Store<Portal | undefined>(undefined);

/** The portal's modules, live: `undefined` until loaded. */
export const portal: Readable<Portal | undefined> = current;

/** Reads the portal's modules. */
export async function loadPortal(): Promise<Portal> {
  const found = await api.get<Portal>('/portal.json', { anonymous: true });
  current.set(found);
  return found;
}

/** The event of a module that starts or stops. */
interface ModuleEvents {
  module: { module: string; state: ModuleState };
}

/** Follows the modules' states; a stream that was interrupted reads everything again. */
export function followModules(): () => void {
  const stream = eventStream<ModuleEvents>(
    '/api/node/events',
    {
      module: ({ module, state }) => {
        const now = current.value;
        if (!now) return;
        const known = now.modules.some(({ name }) => name === module);
        if (!known) return void loadPortal().catch(() => undefined);
        current.set({ ...now, modules: now.modules.map((one) => (one.name === module ? { ...one, state } : one)) });
      },
    },
    (again) => {
      if (again) void loadPortal().catch(() => undefined);
    },
  );
  return () => stream.close();
}

/** Whether a route is the one in the address. */
function matches(route: PortalRoute): boolean {
  const { site, route: shown, rest } = address.value;
  return site !== undefined && `${[shown, ...rest].join('/')}/`.startsWith(`${route.path}/`);
}

/** The pages outside every site and the modules that draw them. */
const OUTSIDE: Readonly<Record<string, string>> = { login: 'login', sites: 'framework' };

/** The module whose page is on show. */
export function currentModule(): PortalModule | undefined {
  const { site, route } = address.value;
  const outside = site === undefined ? OUTSIDE[route ?? ''] : undefined;
  return current.value?.modules.find(({ name, routes }) => name === outside || routes.some(matches));
}

/** The route on show, when a module has it. */
export function currentRoute(): PortalRoute | undefined {
  return currentModule()?.routes.find(matches);
}
