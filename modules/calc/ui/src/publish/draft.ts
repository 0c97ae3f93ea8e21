import { signal } from '@angular/core';

/** What somebody is about to publish: stays while the portal is open, also when the session ends in between. */
export const draft = {
  name: signal(''),
  source: signal(''),
};
