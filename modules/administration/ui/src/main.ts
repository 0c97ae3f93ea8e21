/** Users, roles and the modules of the platform. */
import { angularLifecycles } from '@dcp/adapter';
import { AdministrationPages } from './administration-pages';

export const { bootstrap, mount, unmount } = angularLifecycles(AdministrationPages);
