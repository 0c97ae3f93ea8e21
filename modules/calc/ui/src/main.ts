/** R functions in the portal: scripts and their versions, calls by form, and the engines that calculate. */
import { angularLifecycles } from '@dcp/adapter';
import { Root } from './root';

export const { bootstrap, mount, unmount } = angularLifecycles(Root);
