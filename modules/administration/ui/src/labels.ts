import { shared } from '@dcp/kit';
import type { Grant, Role } from './model';
import { t } from './texts';

/** What people call a site. */
export function siteName(site: string): string {
  return site === '*' ? t('everywhere') : (shared.sites()?.find(({ id }) => id === site)?.name ?? site);
}

/** What people call a role. */
export function roleName(roles: readonly Role[], role: string): string {
  return roles.find(({ id }) => id === role)?.name ?? role;
}

/** `Analyst at Basel`. */
export function grantText(roles: readonly Role[], grant: Grant): string {
  return t('at', {
    role: roleName(roles, grant.role),
    site: siteName(grant.site),
  });
}
