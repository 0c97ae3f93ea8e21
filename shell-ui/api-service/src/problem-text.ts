import { translator } from './i18n';
import { UNREACHABLE, type FieldError, type ProblemError } from './problem';
import { serverText } from './server-text';

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
  'read-only': 'This cannot be changed',
  plantAdvice: 'If it stays so, whoever runs this PI server has to look at it; everything that needs no process data goes on.',
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
  'read-only': 'Das lässt sich nicht ändern',
  plantAdvice: 'Bleibt es so, muss nachsehen, wer diesen PI-Server betreibt; alles, was keine Prozessdaten braucht, arbeitet weiter.',
};

const text = translator({ en, de });
const isKnown = (kind: string): kind is keyof typeof en => kind in en;

/** What a problem is called in the language of the portal. */
export function problemTitle(problem: ProblemError): string {
  const kind = problem.type.startsWith(PREFIX) ? problem.type.slice(PREFIX.length) : '';
  return isKnown(kind) ? text(kind) : serverText(problem.message);
}

/** What can be done about it, as far as the server says so. */
export function problemDetail(problem: ProblemError): string | undefined {
  if (problem.type === UNREACHABLE) return text('unreachableDetail');
  return problem.detail === undefined ? undefined : serverText(problem.detail);
}

/** Who can help, when it is not the person who reads it. */
export function problemAdvice(problem: ProblemError): string {
  return problem.type.startsWith(`${PREFIX}pi-`) && problem.status === 503 ? text('plantAdvice') : '';
}

/** The wrong places of the input in the language of the portal; one that the detail says already is left out. */
export function problemParts(problem: ProblemError): readonly FieldError[] {
  const said = problemDetail(problem);
  return problem.errors
    .map(({ pointer, detail }) => ({ pointer, detail: serverText(detail) }))
    .filter(({ detail }, _, all) => all.length > 1 || detail !== said);
}

/** Both in one line, for a short message. */
export function problemLine(problem: ProblemError): string {
  return [problemTitle(problem), problemDetail(problem)].filter(Boolean).join(': ');
}
