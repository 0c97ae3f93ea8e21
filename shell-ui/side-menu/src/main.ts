/** The menu at the side: every page of every module at this site, generated from the manifests. */
import { angularLifecycles } from '@dcp/adapter';
import { SideMenu } from './side-menu';

export const { bootstrap, mount, unmount } = angularLifecycles(SideMenu);
