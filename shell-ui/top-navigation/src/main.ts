/** The bar at the top: where one is (site, module, zone), whether the platform answers, and the user's own choices. */
import { angularLifecycles } from '@dcp/adapter';
import { TopNavigation } from './top-navigation';

export const { bootstrap, mount, unmount } = angularLifecycles(TopNavigation);
