import type { Portal } from '@dcp/api-service';

/** A node of a single-spa-layout tree. */
interface LayoutNode {
  readonly type: string;
  readonly path?: string;
  readonly exact?: boolean;
  readonly name?: string;
  readonly routes?: readonly LayoutNode[];
}

const page = (path: string, application: string): LayoutNode => ({
  type: 'route',
  path,
  routes: [{ type: 'application', name: `@dcp/${application}` }],
});

/** The pages of the modules, in the frame of index.html: each module's routes below the site, and the two pages outside sites. */
export function layoutOf(portal: Portal): { mode: string; base: string; containerEl: string; routes: LayoutNode[] } {
  const taken = new Set<string>();
  const pages: LayoutNode[] = [];
  for (const module of portal.modules) {
    for (const { path } of module.routes) {
      // the first node that hosts a module shows it
      if (taken.has(path)) continue;
      taken.add(path);
      pages.push(page(path, module.name));
    }
  }
  return {
    mode: 'history',
    base: '/',
    containerEl: '#main',
    routes: [page('login', 'login'), page('sites', 'framework'), { type: 'route', path: 'app/:site', routes: pages }],
  };
}
