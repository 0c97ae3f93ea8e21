import type { LayoutNode, Portal } from '@dcp/api-service';

/** The pages of the modules as the node lays them out, drawn into the frame of index.html; the frame draws the navigation itself. */
export function layoutOf(portal: Portal): { mode: string; base: string; containerEl: string; routes: readonly LayoutNode[] } {
  const { routes } = portal.layout;
  const main = routes.find(({ type }) => type === 'main');
  return {
    mode: 'history',
    base: '/',
    containerEl: '#main',
    routes: nearest((main?.routes ?? routes).filter(({ type }) => type === 'route')),
  };
}

/** A route below another one of the same tree is drawn by that one already. */
function nearest(routes: readonly LayoutNode[]): readonly LayoutNode[] {
  const paths = routes.map(({ path }) => path);
  return routes
    .filter(({ path }) => !paths.some((other) => path !== undefined && other !== undefined && path.startsWith(`${other}/`)))
    .map((route) => (route.routes ? { ...route, routes: nearest(route.routes) } : route));
}
