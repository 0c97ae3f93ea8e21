import { language } from './i18n';

/**
 * What the modules say, in German: a place in braces stands for whatever the module filled in. The modules speak English, to tools as
 * to people; a sentence that is missing here is shown as it came.
 */
const GERMAN: readonly (readonly [string, string])[] = [
  // the platform
  ['This needs the permission {permission} at site {site}.', 'Dazu ist am Standort {site} die Berechtigung {permission} nötig.'],
  ['This needs the permission {permission} at every site.', 'Dazu ist die Berechtigung {permission} an allen Standorten nötig.'],
  ['This needs the permission {permission}.', 'Dazu ist die Berechtigung {permission} nötig.'],
  ['You have no role at site {site}.', 'Am Standort {site} haben Sie keine Rolle.'],
  ['There is no model {id}.', 'Es gibt kein Modell {id}.'],
  ['There is no chart {id}.', 'Es gibt keine Karte {id}.'],
  ['There is no such user.', 'Diesen Benutzer gibt es nicht.'],
  ['There is no such role.', 'Diese Rolle gibt es nicht.'],
  ['There is no data source {id} at site {site}.', 'Am Standort {site} gibt es keine Datenquelle {id}.'],
  ['{what} does not answer at the moment.', '{what} antwortet zurzeit nicht.'],
  ['The input is not valid.', 'Die Eingabe ist nicht gültig.'],
  ['The work was ended after {seconds} seconds.', 'Die Arbeit wurde nach {seconds} Sekunden beendet.'],
  ['Something with this name or key is there already.', 'Etwas mit diesem Namen oder Schlüssel gibt es schon.'],
  ['Wait a moment before you try again.', 'Bitte einen Moment warten und es dann erneut versuchen.'],
  ['Give 1 to {longest} characters.', '1 bis {longest} Zeichen angeben.'],
  // process data
  ['The PI server does not answer', 'Der PI-Server antwortet nicht'],
  ['The PI server takes too long', 'Der PI-Server braucht zu lange'],
  ["The PI server does not accept the platform's credentials", 'Der PI-Server nimmt die Anmeldung der Plattform nicht an'],
  ["The platform's account may not read this data", 'Das Konto der Plattform darf diese Daten nicht lesen'],
  ['The PI server does not know this name', 'Der PI-Server kennt diesen Namen nicht'],
  ['The PI server refuses the request', 'Der PI-Server lehnt die Anfrage ab'],
  ['The PI server reports a failure', 'Der PI-Server meldet einen Fehler'],
  ['The PI server broke off its answer', 'Der PI-Server hat seine Antwort abgebrochen'],
  ["The PI server's answer cannot be understood", 'Die Antwort des PI-Servers ist nicht verständlich'],
  ['The PI server left out values', 'Der PI-Server hat Werte ausgelassen'],
  ['This is more data than can be read at once', 'Das sind mehr Daten, als auf einmal gelesen werden können'],
  ['The tag holds no usable value', 'Die Messstelle hat keinen brauchbaren Wert'],
  ['This is no longer on the PI server', 'Das gibt es auf dem PI-Server nicht mehr'],
  ["The PI server's certificate is not accepted", 'Das Zertifikat des PI-Servers wird nicht anerkannt'],
  ['This time cannot be read', 'Diese Zeitangabe ist nicht lesbar'],
  ['This unit cannot be used here', 'Diese Maßeinheit passt hier nicht'],
  ['The data source is not set up correctly', 'Die Datenquelle ist nicht richtig eingerichtet'],
  ['{source}: the PI Web API server does not answer.', '{source}: Der PI-Web-API-Server antwortet nicht.'],
  [
    '{source}: the PI Web API server did not answer within {seconds} s.',
    '{source}: Der PI-Web-API-Server hat nicht innerhalb von {seconds} s geantwortet.',
  ],
  ['{source}: the PI Web API server does not accept the credentials.', '{source}: Der PI-Web-API-Server nimmt die Anmeldung nicht an.'],
  ['The Kerberos server does not answer', 'Der Kerberos-Server antwortet nicht'],
  ["Kerberos does not let the platform's account in", 'Kerberos lässt das Konto der Plattform nicht ein'],
  ['{source}: the Kerberos server {kdc} does not answer: {cause}.', '{source}: Der Kerberos-Server {kdc} antwortet nicht: {cause}.'],
  [
    '{source}: the Kerberos server {kdc} does not know the service {service}; it must be registered for the account under which PI Web API runs.',
    '{source}: Der Kerberos-Server {kdc} kennt den Dienst {service} nicht; er muss für das Konto eingetragen sein, unter dem PI Web API läuft.',
  ],
  ['{source}: the Kerberos server {kdc} does not know {account}.', '{source}: Der Kerberos-Server {kdc} kennt {account} nicht.'],
  ['{source}: the account {account} is locked or switched off.', '{source}: Das Konto {account} ist gesperrt oder abgeschaltet.'],
  ['{source}: the password of {account} has expired.', '{source}: Das Passwort von {account} ist abgelaufen.'],
  ['{source}: the password of {account} is wrong.', '{source}: Das Passwort von {account} ist falsch.'],
  ['{source}: the key of the keytab of {account} is wrong.', '{source}: Der Schlüssel der Keytab von {account} ist falsch.'],
  [
    '{source}: the clocks of this machine and of the Kerberos server {kdc} are {seconds} s apart; set both by the same source of time.',
    '{source}: Die Uhren dieser Maschine und des Kerberos-Servers {kdc} gehen um {seconds} s auseinander; beide nach derselben Zeitquelle stellen.',
  ],
  ['None of the batches has the phase {phase}.', 'Keine der Chargen hat die Phase {phase}.'],
  ['The unit has no batch {name}.', 'Die Einheit hat keine Charge {name}.'],
  ['{source}: the answer is incomplete: {cause}.', '{source}: Die Antwort ist unvollständig: {cause}.'],
  ['{source}: the answer cannot be read: {cause}.', '{source}: Die Antwort ist nicht lesbar: {cause}.'],
  [
    '{source}: the PI Web API server has not answered since {since} and is asked again at {until}: {cause}.',
    '{source}: Der PI-Web-API-Server antwortet seit {since} nicht und wird um {until} wieder gefragt: {cause}.',
  ],
  [
    '{source}: {what} is no longer on the PI server: it was renamed, moved or deleted, or its template was changed; choose it again.',
    '{source}: {what} gibt es auf dem PI-Server nicht mehr: umbenannt, verschoben oder gelöscht, oder die Vorlage wurde geändert; bitte neu wählen.',
  ],
  [
    "{source}: the PI Web API server {host} has a certificate that is not signed by a CA that this machine trusts; name the CA's file in the data source.",
    '{source}: Das Zertifikat des PI-Web-API-Servers {host} ist von keiner CA, der diese Maschine vertraut; die Datei der CA in der Datenquelle angeben.',
  ],
  [
    '{source}: the PI Web API server {host} has a certificate that is not signed by the CA in {file}.',
    '{source}: Das Zertifikat des PI-Web-API-Servers {host} ist nicht von der CA in {file} ausgestellt.',
  ],
  [
    '{source}: the PI Web API server {host} has a certificate that is not for the name {name}.',
    '{source}: Das Zertifikat des PI-Web-API-Servers {host} ist nicht auf den Namen {name} ausgestellt.',
  ],
  [
    '{source}: the PI Web API server {host} has a certificate that has expired.',
    '{source}: Das Zertifikat des PI-Web-API-Servers {host} ist abgelaufen.',
  ],
  [
    '{source}: the PI Web API server {host} has a certificate that is not valid yet; compare the clocks.',
    '{source}: Das Zertifikat des PI-Web-API-Servers {host} gilt noch nicht; bitte die Uhren vergleichen.',
  ],
  [
    '{source}: the PI Web API server {host} has a certificate that cannot be used ({error}): it must be made for a server and be signed by {by}.',
    '{source}: Das Zertifikat des PI-Web-API-Servers {host} ist nicht brauchbar ({error}): Es muss für einen Server ausgestellt und von einer bekannten CA sein.',
  ],
  [
    '{source}: the PI Web API server {host} does not speak TLS as it should; is it the port for https?.',
    '{source}: Der PI-Web-API-Server {host} spricht nicht TLS, wie er sollte; ist es der Port für https?',
  ],
  [
    '{source}: the PI Web API server {host} has a certificate that {wrong}.',
    '{source}: Das Zertifikat des PI-Web-API-Servers {host} wird nicht anerkannt: {wrong}.',
  ],
  [
    '{source}: the range ends at {end}, before it begins at {start}; exchange them.',
    '{source}: Der Zeitraum endet um {end}, bevor er um {start} beginnt; bitte vertauschen.',
  ],
  ['{source}: the PI Web API server fails with {status}: {cause}.', '{source}: Der PI-Web-API-Server meldet {status}: {cause}.'],
  ['{source}: the PI Web API server answers {status}: {cause}.', '{source}: Der PI-Web-API-Server antwortet {status}: {cause}.'],
  ['{source}: {what} does not exist on the PI server.', '{source}: {what} gibt es auf dem PI-Server nicht.'],
  ['{source}: the data source is not usable: {cause}.', '{source}: Die Datenquelle ist nicht brauchbar: {cause}.'],
  ['{source}: the account may not read {what}.', '{source}: Das Konto darf {what} nicht lesen.'],
  // what such a sentence is about
  ['the database {path}', 'die Datenbank {path}'],
  ['the element {path}', 'das Element {path}'],
  ['the tag {path}', 'die Messstelle {path}'],
  ['the tags of {path}', 'die Messstellen von {path}'],
  ['the template {path}', 'die Vorlage {path}'],
  ['the batch {path}', 'die Charge {path}'],
  ['the phases of the batch {path}', 'die Phasen der Charge {path}'],
  ['the attributes of the batch {path}', 'die Attribute der Charge {path}'],
  ['Begin with https://.', 'Mit https:// beginnen.'],
  [
    'An address holds no user and no password; name the path of the credentials instead.',
    'Eine Adresse enthält weder Benutzer noch Kennwort; stattdessen den Pfad der Zugangsdaten angeben.',
  ],
  [
    'An address beginning with http:// is not encrypted and possible on this machine only: begin with https://.',
    'Eine Adresse mit http:// ist nicht verschlüsselt und nur auf dieser Maschine möglich: mit https:// beginnen.',
  ],
  [
    'Give the path of the credentials at the provider of secrets, beginning with pi/, not the credentials themselves.',
    'Den Pfad der Zugangsdaten beim Geheimnisspeicher angeben, beginnend mit pi/, nicht die Zugangsdaten selbst.',
  ],
  ['Give the whole path of the file, beginning with /.', 'Den ganzen Pfad der Datei angeben, beginnend mit /.'],
  ['Give {shortest} to {longest} characters.', '{shortest} bis {longest} Zeichen angeben.'],
  ['The site file names this source: it is changed there.', 'Diese Quelle steht in der Standortdatei: Dort wird sie geändert.'],
  ['Somebody else has just changed this source; look again.', 'Jemand anders hat diese Quelle gerade geändert; bitte noch einmal ansehen.'],
  [
    'There is or was a source of this id; choose another one.',
    'Eine Quelle mit dieser Kennung gibt oder gab es; bitte eine andere wählen.',
  ],
  ['The unit has no batch {batch}.', 'Die Einheit hat keine Charge {batch}.'],
  ['Not after start.', 'Nicht nach dem Anfang.'],
  ['The range ends before it begins: exchange its ends.', 'Der Zeitraum endet, bevor er beginnt: bitte Anfang und Ende tauschen.'],
  ['The stretch ends before it begins.', 'Der Abschnitt endet, bevor er beginnt.'],
  // calculations
  ['reference: there are no usable values of batch {batches}', 'reference: Es gibt keine brauchbaren Werte der Charge {batches}'],
  [
    'reference: tag {tag} has no usable values in batch {batch}',
    'reference: Messstelle {tag} hat in Charge {batch} keine brauchbaren Werte',
  ],
  ['data: no tag varies over the reference batches', 'data: Keine Messstelle schwankt über die Referenzchargen'],
  ['values: their differences are too large to calculate with', 'values: Ihre Unterschiede sind zu groß, um damit zu rechnen'],
  ['Reading batch {at} of {of}', 'Charge {at} von {of} wird gelesen'],
  ['R cannot load the source', 'R kann den Quelltext nicht laden'],
  ['There is nothing to call in it', 'Darin ist nichts, was aufgerufen werden kann'],
  ['The R function stopped with an error', 'Die R-Funktion hat mit einem Fehler angehalten'],
  ['The R process ended during the calculation', 'Der R-Prozess endete während der Berechnung'],
  ['The arguments do not fit the function', 'Die Argumente passen nicht zur Funktion'],
  ['The calculation took too long', 'Die Berechnung hat zu lange gedauert'],
  ['The calculation was cancelled', 'Die Berechnung wurde abgebrochen'],
  ['The calculation engine is busy', 'Die Rechenmaschine ist ausgelastet'],
  ['The calculation engine cannot start R', 'Die Rechenmaschine kann R nicht starten'],
  ['The calculation did not end in time', 'Die Berechnung ist nicht rechtzeitig fertig geworden'],
  ['The process data could not be read', 'Die Prozessdaten konnten nicht gelesen werden'],
  ['There is no such script', 'Dieses Skript gibt es nicht'],
  ['The script has no such function', 'Diese Funktion hat das Skript nicht'],
  ['No engine answered within {time} minutes.', 'Keine Rechenmaschine hat innerhalb von {time} Minuten geantwortet.'],
  ['No engine answered within {time} seconds.', 'Keine Rechenmaschine hat innerhalb von {time} Sekunden geantwortet.'],
  ['The PI server does not answer: the PI Web API server does not answer.', 'Der PI-Server antwortet nicht.'],
  ['The PI server broke off its answer: the answer is incomplete: {cause}.', 'Der PI-Server hat seine Antwort abgebrochen: {cause}.'],
  ['The model has no result.', 'Das Modell hat kein Ergebnis.'],
  ['The model is not being calculated.', 'Das Modell wird gerade nicht berechnet.'],
  [
    'This name was used by somebody else at the same moment: try again.',
    'Diesen Namen hat im selben Moment jemand anders benutzt: bitte noch einmal.',
  ],
  ['A name has 1 to {most} characters.', 'Ein Name hat 1 bis {most} Zeichen.'],
  ['Between 1 and {most} components are possible.', 'Möglich sind 1 bis {most} Komponenten.'],
  [
    '{components} components need at least as many tags; there are {count}.',
    '{components} Komponenten brauchen mindestens so viele Messstellen; es sind {count}.',
  ],
  [
    '{components} components need at least {needed} reference batches; there are {count}.',
    '{components} Komponenten brauchen mindestens {needed} Referenzchargen; es sind {count}.',
  ],
  ['Choose 1 to {most} tags.', '1 bis {most} Messstellen wählen.'],
  ['Choose the batches.', 'Die Chargen wählen.'],
  ['At most {most} batches are possible.', 'Höchstens {most} Chargen sind möglich.'],
  ['{unit} has no tag {tag}.', '{unit} hat keine Messstelle {tag}.'],
  ['The values of {tag} are not numbers.', 'Die Werte von {tag} sind keine Zahlen.'],
  // control charts
  ['A title has 1 to {most} characters.', 'Ein Titel hat 1 bis {most} Zeichen.'],
  ['Between {fewest} and {most} values are needed; there are {count}.', 'Nötig sind {fewest} bis {most} Werte; es sind {count}.'],
  ['The values do not vary.', 'Die Werte schwanken nicht.'],
  ['The lower limit must be less than the upper one.', 'Die untere Grenze muss kleiner sein als die obere.'],
  ['values: they do not vary', 'values: Die Werte schwanken nicht'],
  ['values: every value must be a number', 'values: Jeder Wert muss eine Zahl sein'],
  // people
  [
    'Built-in roles cannot be changed. Make a role of your own instead.',
    'Eingebaute Rollen lassen sich nicht ändern. Stattdessen eine eigene anlegen.',
  ],
  ['There is a role of this name already.', 'Eine Rolle dieses Namens gibt es schon.'],
  ['This user name has been given already.', 'Diesen Benutzernamen gibt es schon.'],
  ['This is no address.', 'Das ist keine Adresse.'],
  ["Use 1 to 64 letters, digits, '.', '-' and '_'.", 'Erlaubt sind 1 bis 64 Buchstaben, Ziffern, „.“, „-“ und „_“.'],
  ['These roles cannot be given.', 'Diese Rollen lassen sich nicht vergeben.'],
  [
    'Nobody could manage users any more: at least one active user must hold administration.manage at every site.',
    'Dann könnte niemand mehr Benutzer verwalten: Mindestens ein aktiver Benutzer muss administration.manage an allen Standorten haben.',
  ],
  ['This user is not active.', 'Dieser Benutzer ist nicht aktiv.'],
  ['This password cannot be used.', 'Dieses Passwort ist nicht möglich.'],
  ['The password was not changed.', 'Das Passwort wurde nicht geändert.'],
  ['It must have at least five different characters.', 'Es muss mindestens fünf verschiedene Zeichen haben.'],
  ['It must have {shortest} to {longest} characters.', 'Es muss {shortest} bis {longest} Zeichen haben.'],
  ['It must not contain the user name.', 'Es darf den Benutzernamen nicht enthalten.'],
  ['This is not your present password.', 'Das ist nicht Ihr jetziges Passwort.'],
  ['This code is wrong or has ended.', 'Dieser Code ist falsch oder abgelaufen.'],
  ['Lab analyst', 'Laboranalyst'],
  ['Data scientist', 'Datenwissenschaftler'],
  ['Operator', 'Betreiber'],
  [
    'Looks at batches, calculates models and uses control charts at a site.',
    'Sieht Chargen, berechnet Modelle und benutzt Regelkarten an einem Standort.',
  ],
  [
    'Manages users, roles and sources of process data; works on no data.',
    'Verwaltet Benutzer, Rollen und Quellen der Prozessdaten; arbeitet mit keinen Daten.',
  ],
  ['Publishes R scripts, calls them, and models batches.', 'Veröffentlicht R-Skripte, ruft sie auf und modelliert Chargen.'],
  [
    'Watches the nodes, starts and stops modules, tries and approves R scripts.',
    'Überwacht die Knoten, startet Module und hält sie an, probiert R-Skripte und gibt sie frei.',
  ],
  ['This version cannot be approved', 'Diese Version lässt sich nicht freigeben'],
  [
    'You have published this version; somebody else must approve it.',
    'Diese Version haben Sie selbst veröffentlicht; freigeben muss sie jemand anders.',
  ],
  [
    'Somebody else has just changed the state of this version; look again.',
    'Jemand anders hat den Zustand dieser Version gerade geändert; bitte noch einmal ansehen.',
  ],
  ['This step needs the permission {permission}.', 'Dieser Schritt braucht die Berechtigung {permission}.'],
  [
    'Its examples have not been run yet; try again in a moment.',
    'Die Beispiele sind noch nicht gelaufen; bitte gleich noch einmal versuchen.',
  ],
  ['The name cannot be used.', 'Dieser Name ist nicht möglich.'],
  [
    'The name {name} belongs to the module {module}; choose another.',
    'Der Name {name} gehört dem Modul {module}; bitte einen anderen wählen.',
  ],
  ['must hold {wanted} values, holds {count}', 'braucht {wanted} Werte und hat {count}'],
  [
    'must be the id of a data source of the site; only modules name servers',
    'muss die Kennung einer Datenquelle des Standorts sein; nur Module nennen Server',
  ],
  ['result {key} has nothing at {path}', 'im Ergebnis {key} gibt es nichts bei {path}'],
  [
    'result {key} was calculated by a draft, which a version in force does not build on',
    'das Ergebnis {key} hat ein Entwurf berechnet, auf den keine gültige Version baut',
  ],
  ['is no data source of the site {site}; there are: {ids}', 'ist keine Datenquelle des Standorts {site}; es gibt: {ids}'],
  ['must be one of {choices}', 'muss eines sein von {choices}'],
  ['must be a number', 'muss eine Zahl sein'],
  ['must be a whole number', 'muss eine ganze Zahl sein'],
  ['must be true or false', 'muss wahr oder falsch sein'],
  ['must be a text', 'muss ein Text sein'],
  ['must be a date such as {example}, without a time of day', 'muss ein Datum sein wie {example}, ohne Uhrzeit'],
  ['must be a date such as {example}, not null', 'muss ein Datum sein wie {example}, nicht null'],
  ['must be a date such as {example}', 'muss ein Datum sein wie {example}'],
  ['must be an instant such as {example}, not null', 'muss ein Zeitpunkt sein wie {example}, nicht null'],
  ['must be an instant such as {example}', 'muss ein Zeitpunkt sein wie {example}'],
  ['is no day of the calendar: there is no month {month}', 'ist kein Tag des Kalenders: einen Monat {month} gibt es nicht'],
  ['is no day of the calendar: {month} has {days} days', 'ist kein Tag des Kalenders: {month} hat {days} Tage'],
  [
    'has no such time of day: hours end at 23, minutes and seconds at 59',
    'hat eine Uhrzeit, die es nicht gibt: Stunden gehen bis 23, Minuten und Sekunden bis 59',
  ],
  [
    'is a date alone: add the time of day and its offset from UTC, such as {example}',
    'ist ein Datum allein: Uhrzeit und Abstand von UTC gehören dazu, wie {example}',
  ],
  [
    'has no offset from UTC: end it with Z for UTC, or with the offset of the place, such as {example}',
    'hat keinen Abstand von UTC: am Ende Z für UTC anfügen oder den Abstand des Ortes, wie {example}',
  ],
  ['is finer than a microsecond, which a number of R does not hold', 'ist feiner als eine Mikrosekunde; das hält eine Zahl in R nicht'],
  [
    'is so far from 1970 that a number of R does not hold its microseconds',
    'ist so weit von 1970 entfernt, dass eine Zahl in R die Mikrosekunden nicht hält',
  ],
  ['has a level twice', 'hat eine Stufe zweimal'],
  ['has no column {name}', 'hat keine Spalte {name}'],
  ['must be at least {low}', 'muss mindestens {low} sein'],
  ['must be at most {high}', 'darf höchstens {high} sein'],
  ['must be more than {low}', 'muss mehr als {low} sein'],
  ['must be less than {high}', 'muss weniger als {high} sein'],
  ['must not be missing', 'darf nicht fehlen'],
  ['is required', 'ist nötig'],
];

interface Sentence {
  readonly fits: RegExp;
  readonly german: string;
}

const PLACE = /\{(\w+)\}/g;
let compiled: readonly Sentence[] | undefined;

function sentences(): readonly Sentence[] {
  compiled ??= GERMAN.map(([english, german]) => {
    const pattern = english.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(PLACE, '(?<$1>.+?)');
    return { fits: new RegExp(`^${pattern}$`, 's'), german };
  });
  return compiled;
}

/** A sentence of a module in the language of the portal, as far as it is known there. */
export function serverText(text: string): string {
  if (language.value === 'en') return text;
  for (const { fits, german } of sentences()) {
    const places = fits.exec(text);
    if (!places) continue;
    const filled = (name: string): string => places.groups?.[name] ?? '';
    return german.replace(PLACE, (_, name: string) => (name === 'what' ? serverText(filled(name)) : filled(name)));
  }
  return text;
}
