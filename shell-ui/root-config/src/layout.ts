import type { LayoutNode, Portal } from '@dcp/api-service';

/** The pages of the modules as the node lays them out, drawn into the frame of index.html; the frame draws the navigation itself. */
export function layoutOf(portal: Portal): { mode: string; base: string; containerEl: string; routes: readonly LayoutNode[] } {
  const { routes } = portal.layout;
  const main = routes.find(({ type }) => type === 'main');
  return { mode: 'history', base: '/', containerEl: '#main', routes: (main?.routes ?? routes).filter(({ type }) => type === 'route') };
}
