import { currentRoute, localized, may, siteAddress, type ModuleState, type Portal, type Zone } from '@dcp/api-service';

/** One line of the menu. */
export interface Entry {
  readonly id: string;
  readonly title: string;
  readonly icon: string;
  readonly href: string;
  readonly zone: Zone;
  readonly state: ModuleState;
  readonly current: boolean;
  /** The permission the user lacks. */
  readonly missing: string | undefined;
}

/** The menu of a site in the order the manifests ask for. */
export function entries(portal: Portal, site: string): readonly Entry[] {
  const seen = new Set<string>();
  const current = currentRoute()?.path;
  return portal.modules
    .flatMap((module) => module.routes.map((route) => ({ module, route })))
    .filter(({ route }) => route.menu !== false && !seen.has(route.path) && seen.add(route.path))
    .sort((a, b) => (a.route.order ?? 100) - (b.route.order ?? 100))
    .map(({ module, route }) => ({
      id: route.path,
      title: localized(route.title),
      icon: route.icon ?? 'module',
      href: siteAddress(route.path, site),
      zone: module.zone,
      state: module.state,
      current: route.path === current,
      missing: route.permission && !may(route.permission, site) ? route.permission : undefined,
    }));
}
