// What goes on every chart and export: language, zone and what the data is.

import { currentModule, language, type Language } from '@dcp/api-service';

export interface Labels {
  language: Language;
  label: string;
  file: string;
}

/** `what` names the data in one line, such as the unit and the model. */
export function labels(what: string): Labels {
  const zone = currentModule()?.zone === 'nongxp' ? 'information only' : 'GxP';
  const version = currentModule()?.version ?? '';
  return {
    language: language.value,
    label: `${zone} · mvda ${version} · ${what}`,
    file: `${zone === 'GxP' ? 'GxP' : 'information-only'}_${what}`,
  };
}
