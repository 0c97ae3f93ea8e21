import { address, currentRoute, localized, may, portal, session, sites, type PortalModule } from '@dcp/api-service';
import type { Panel } from './panel';
import { t } from './texts';

/** The module behind an application, `@dcp/mvda` -> mvda. */
export function moduleOf(application: string): PortalModule | undefined {
  const name = application.replace('@dcp/', '');
  return portal.value?.modules.find((module) => module.name === name);
}

/** What people call an application. */
export function titleOf(application: string): string {
  const module = moduleOf(application);
  return module ? localized(module.title) : application.replace('@dcp/', '');
}

/** Why an application cannot be shown now, or nothing. `retry` looks again. */
export function obstacle(application: string, retry: () => void): Panel | undefined {
  return notReady(application, retry) ?? noSite() ?? forbidden(application);
}

function notReady(application: string, retry: () => void): Panel | undefined {
  const module = moduleOf(application);
  if (!module || module.state === 'ready') return undefined;
  const places = { title: titleOf(application), module: module.name, node: module.node };
  const button = { label: t('retry'), run: retry };
  const says = (title: string, text: string): Panel => ({ kind: 'warning', title, text, module: module.name, button });
  if (module.state === 'starting') return says(t('startingTitle', places), t('startingText', places));
  if (module.state === 'failed') return says(t('downTitle', places), t('downText', places));
  return says(t('stoppedTitle', places), t('stoppedText', places));
}

function noSite(): Panel | undefined {
  const { site } = address.value;
  if (site === undefined || !sites.value || sites.value.some(({ id }) => id === site)) return undefined;
  const link = { label: t('sites'), href: '/sites' };
  return { kind: 'warning', title: t('noSiteTitle', { site }), text: t('noSiteText'), link };
}

function forbidden(application: string): Panel | undefined {
  const permission = currentRoute()?.permission;
  const { site } = address.value;
  if (!permission || site === undefined || !session.value || may(permission)) return undefined;
  const places = { title: titleOf(application), permission, site };
  return {
    kind: 'warning',
    title: t('forbiddenTitle', places),
    text: t('forbiddenText', places),
    link: { label: t('home'), href: `/app/${site}/home` },
  };
}
