// What the address names and the unit does not have: a link may be older than a change on the PI server.

import type { Unit } from './unit';
import type { View } from './view';
import { t } from './words';

/** Sentences about it; of the batch only where one batch is shown. */
export function missing(unit: Unit, view: View, ofBatch: boolean): string[] {
  const [tags, batch] = [unit.unknownTags(), ofBatch ? unit.unknownBatch() : undefined];
  const name = view.unitName();
  return [
    ...(tags.length ? [t('noSuchTags', { unit: name, count: tags.length, names: tags.join(', ') })] : []),
    ...(batch ? [t('noSuchBatch', { unit: name, batch })] : []),
  ];
}
