import { serverText } from '@dcp/api-service';
import { t } from './texts';

/** Something that will give wrong or no data although the source answers. */
export type SourceWarning =
  | { readonly kind: 'clock'; readonly seconds: number }
  | { readonly kind: 'data_server_unknown' | 'data_server_disconnected'; readonly name: string }
  | { readonly kind: 'database'; readonly detail: string }
  | { readonly kind: 'changed'; readonly before: string; readonly now: string };

/** What is not right and what to do about it. */
export function warningText(warning: SourceWarning): string {
  switch (warning.kind) {
    case 'clock': {
      const seconds = Math.round(Math.abs(warning.seconds));
      return t(warning.seconds > 0 ? 'clockAhead' : 'clockBehind', { seconds });
    }
    case 'data_server_unknown':
      return t('dataServerUnknown', { name: warning.name });
    case 'data_server_disconnected':
      return t('dataServerDisconnected', { name: warning.name });
    case 'database':
      return t('databaseUnreadable', { detail: serverText(warning.detail) });
    case 'changed':
      return t('changed', { before: warning.before, now: warning.now });
  }
}
