import { dismissToast, localized, portal, toast, type PortalModule } from '@dcp/api-service';
import type { Guard } from './guard';
import { t } from './texts';

const DEPLOYED = (modules: readonly PortalModule[]): Map<string, string> =>
  new Map(modules.flatMap(({ name, entry }) => (entry ? [[name, entry]] : [])));

/** Offers a newly deployed version of a micro-frontend; taking it needs no page load, and going back is the same. */
export function offerUpgrades(guards: ReadonlyMap<string, Guard>): void {
  let known = DEPLOYED(portal.value?.modules ?? []);
  const offered = new Map<string, number>();
  portal.subscribe((now) => {
    const next = DEPLOYED(now?.modules ?? []);
    for (const [name, entry] of next) {
      const guard = guards.get(`@dcp/${name}`);
      const module = now?.modules.find((one) => one.name === name);
      if (!guard || !module || !known.has(name) || known.get(name) === entry) continue;
      const before = offered.get(name);
      if (before !== undefined) dismissToast(before);
      const text = t('upgrade', { title: localized(module.title), version: module.version });
      offered.set(name, toast(text, { kind: 'warning', action: { label: t('switchNow'), run: () => void take(name, guard) } }));
    }
    known = next;
  });
}

async function take(name: string, guard: Guard): Promise<void> {
  const application = `@dcp/${name}`;
  const answer = await fetch('/importmap.json', { cache: 'no-cache' });
  const map = (await answer.json()) as { imports: Record<string, string>; integrity?: Record<string, string> };
  const url = map.imports[application];
  if (url === undefined) return;
  System.delete(System.resolve(application));
  const digest = map.integrity?.[url];
  System.addImportMap({ imports: { [application]: url }, integrity: digest === undefined ? {} : { [url]: digest } });
  await guard.renew();
}
