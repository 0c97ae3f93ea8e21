import { translator } from './i18n';
import { UNREACHABLE, type ProblemError } from './problem';

const PREFIX = 'urn:dcp:problem:';

const en = {
  unreachable: 'The platform cannot be reached',
  unreachableDetail: 'Check your network; the page tries again by itself when the connection is back.',
  'not-signed-in': 'Sign in first',
  'unknown-credential': 'Sign in first',
  'not-allowed': 'You are not allowed to do this',
  'not-found': 'Not found',
  conflict: 'This contradicts what is there',
  'invalid-input': 'The input is not valid',
  unavailable: 'Temporarily not available',
  'module-unavailable': 'The module is not running',
  'module-broken': 'The module has broken off its answer',
  internal: 'Something went wrong on our side',
  'timed-out': 'This took too long and was ended',
  busy: 'Too much is going on just now',
  slowed: 'Too many tries',
  'too-large': 'This is too large',
  'bad-credentials': 'User name or password is wrong',
  'bad-code': 'User name or code is wrong, or the code has ended',
  'bad-request': 'The request cannot be understood',
};

const de: typeof en = {
  unreachable: 'Die Plattform ist nicht erreichbar',
  unreachableDetail: 'Bitte das Netz prüfen; die Seite versucht es von selbst wieder, sobald die Verbindung steht.',
  'not-signed-in': 'Bitte zuerst anmelden',
  'unknown-credential': 'Bitte zuerst anmelden',
  'not-allowed': 'Dazu fehlt die Berechtigung',
  'not-found': 'Nicht gefunden',
  conflict: 'Das widerspricht dem Bestand',
  'invalid-input': 'Die Eingabe ist nicht gültig',
  unavailable: 'Vorübergehend nicht verfügbar',
  'module-unavailable': 'Das Modul läuft nicht',
  'module-broken': 'Das Modul hat seine Antwort abgebrochen',
  internal: 'Auf unserer Seite ist etwas schiefgegangen',
  'timed-out': 'Das hat zu lange gedauert und wurde beendet',
  busy: 'Zurzeit ist zu viel los',
  slowed: 'Zu viele Versuche',
  'too-large': 'Das ist zu groß',
  'bad-credentials': 'Benutzername oder Passwort ist falsch',
  'bad-code': 'Benutzername oder Code ist falsch, oder der Code ist abgelaufen',
  'bad-request': 'Die Anfrage ist nicht verständlich',
};

const text = translator({ en, de });
const isKnown = (kind: string): kind is keyof typeof en => kind in en;

/** What a problem is called in the language of the portal; kinds only their module knows keep the server's words. */
export function problemTitle(problem: ProblemError): string {
  const kind = problem.type.startsWith(PREFIX) ? problem.type.slice(PREFIX.length) : '';
  return isKnown(kind) ? text(kind) : problem.message;
}

/** What can be done about it, as far as the server says so. */
export function problemDetail(problem: ProblemError): string | undefined {
  return problem.type === UNREACHABLE ? text('unreachableDetail') : problem.detail;
}

/** Both in one line, for a short message. */
export function problemLine(problem: ProblemError): string {
  return [problemTitle(problem), problemDetail(problem)].filter(Boolean).join(': ');
}
