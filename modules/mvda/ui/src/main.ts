// Batch monitoring in the portal: batches of a unit, their trends and overlays, and the models that tell which were abnormal.

import { angularLifecycles } from '@dcp/adapter';
import { Root } from './root';

export const { bootstrap, mount, unmount } = angularLifecycles(Root);
