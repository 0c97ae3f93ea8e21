import { address, currentModule, lastSite, loginAddress, navigate, portal, session } from '@dcp/api-service';

/** Where the user belongs when the address does not suit: nothing when it does. */
function elsewhere(): string | undefined {
  const { path, site, route } = address.value;
  const now = session.value;
  if (now === undefined) return undefined;
  if (path.startsWith('/login')) return undefined;
  if (now === null) return loginAddress();
  if (now.must_change_password) return '/login?step=password';
  if (path === '/') return lastSite.value && (now.grants['*'] ?? now.grants[lastSite.value]) ? `/app/${lastSite.value}/home` : '/sites';
  if (site !== undefined && route === undefined) return `/app/${site}/home`;
  return undefined;
}

/** Whether no module has a page at the address. */
export function nowhere(): boolean {
  return portal.value !== undefined && session.value != null && currentModule() === undefined;
}

/** Keeps the address where the user belongs: signed in, at a page. */
export function keepDoor(): void {
  const look = (): void => {
    const to = elsewhere();
    if (to !== undefined) navigate(to, { replace: true });
  };
  address.subscribe(look);
  session.subscribe(look);
  look();
}
