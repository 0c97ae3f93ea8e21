import { signal } from '@angular/core';
import type { Folder } from './folder';

/** What somebody is about to publish: stays while the portal is open, also when the session ends in between. */
export const draft = {
  name: signal(''),
  source: signal(''),
  /** Instead of the source. */
  folder: signal<Folder | undefined>(undefined),
};
