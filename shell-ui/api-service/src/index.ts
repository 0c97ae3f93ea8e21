/**
 * What every micro-frontend shares at run time, whatever it is written in: requests, session, address, language, time, theme,
 * messages and the portal's modules. One instance per page, by import map. It draws nothing and knows no module.
 */
export { address, followLink, navigate, siteAddress, type Address } from './address';
export { connection, type ConnectionState } from './connection';
export { saveCsv, saveFile, savePng, toCsv, type Cell } from './download';
export { eventStream, type EventStream } from './event-stream';
export * from './format';
export { api, loginAddress, type RequestOptions } from './http';
export {
  LANGUAGES,
  language,
  locale,
  localized,
  setLanguage,
  translator,
  type Language,
  type Localized,
  type Messages,
  type Places,
} from './i18n';
export {
  currentModule,
  currentRoute,
  followModules,
  loadPortal,
  portal,
  type LayoutNode,
  type ModuleState,
  type Portal,
  type PortalModule,
  type PortalRoute,
  type Zone,
} from './portal';
export { MODULE_UNAVAILABLE, ProblemError, UNREACHABLE, type FieldError, type Problem } from './problem';
export { problemAdvice, problemDetail, problemLine, problemParts, problemTitle } from './problem-text';
export * as query from './query-state';
export { queryState, type Parameter, type QueryState } from './query-state';
export { loadSession, may, session, signIn, signOut, type Session, type User } from './session';
export { serverText } from './server-text';
export { currentSite, lastSite, loadSites, sites, type Site } from './sites';
export { Store, remembered, type Readable } from './store';
export { density, setTheme, theme, themeChoice, token, type Density, type Theme, type ThemeChoice } from './theme';
export { dismissToast, toast, toasts, type Toast } from './toast';
