/** The pages every user begins at, the choice of a site and its home page, and what the modules tell and ask each other. */
import { angularLifecycles } from '@dcp/adapter';
import { FrameworkPages } from './framework-pages';

export const { bootstrap, mount, unmount } = angularLifecycles(FrameworkPages);
