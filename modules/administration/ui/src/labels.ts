import { serverText } from '@dcp/api-service';
import { shared } from '@dcp/kit';
import { isBuiltIn, type Grant, type Role } from './model';
import { t } from './texts';

/** What people call a site. */
export function siteName(site: string): string {
  return site === '*' ? t('everywhere') : (shared.sites()?.find(({ id }) => id === site)?.name ?? site);
}

/** What people call a role; the built-in ones in the language of the portal. */
export function titleOf(role: Role): string {
  return isBuiltIn(role) ? serverText(role.name) : role.name;
}

/** What a role is for. */
export function descriptionOf(role: Role): string {
  return isBuiltIn(role) ? serverText(role.description) : role.description;
}

/** What people call the role with this id. */
export function roleName(roles: readonly Role[], role: string): string {
  const found = roles.find(({ id }) => id === role);
  return found ? titleOf(found) : role;
}

/** `Analyst at Basel`. */
export function grantText(roles: readonly Role[], grant: Grant): string {
  return t('at', {
    role: roleName(roles, grant.role),
    site: siteName(grant.site),
  });
}
