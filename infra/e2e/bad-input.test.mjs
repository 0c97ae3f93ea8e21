// What an analyst asks for cannot be had: gone, closed, not yet, the wrong way round, from a server that is not what it should be.
// Each time: what, where, what to do, in both languages; and the rest of the page goes on.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';

import { accessible, eventually, faults, home, inBothLanguages, openBrowser, portal, screenshot, simulator, Tool, unitAddress } from './platform.mjs';

let browser, page, german, analyst, unit;
const secure = Number(new URL(portal).port) + 22;
let secured;

before(async () => {
  browser = await openBrowser();
  analyst = await Tool.of('analyst');
  unit = await unitAddress(analyst, 'Dryer 1');
  ({ page, german } = await inBothLanguages(browser, 'analyst'));
});
afterEach(() => faults.clear());
after(async () => {
  secured?.kill();
  await browser.close();
});

/** Opens a view of Dryer 1 anew. */
async function open(of, state) {
  await of.goto('about:blank');
  await of.goto(`${unit}&${new URLSearchParams(state)}`);
}

const figure = (of, name = /Trend of Dryer 1|Verlauf von Dryer 1/) => of.getByRole('figure', { name }).first();
const note = (of, text) => of.getByRole('note').filter({ hasText: text }).first();
const alarm = (of, heading) => of.getByRole('alert').filter({ has: of.getByRole('heading', { name: heading }) }).first();
const views = (of, name) => of.getByRole('navigation', { name: /Views|Ansichten/ }).getByRole('link', { name });

async function says(place, ...words) {
  await place.waitFor();
  const text = (await place.textContent()).replace(/\s+/g, ' ');
  for (const word of words) assert.match(text, word);
}

test('a tag that the unit does not have is named, and the others are drawn', async () => {
  const state = { tab: 'trend', tags: 'DryerTemp,Drum speed' };
  await open(page, state);
  await says(note(page, 'Drum speed'), /Dryer 1 has no tag Drum speed/, /Choose from its tags/);
  await figure(page).waitFor();
  await accessible(page, 'a trend of a tag that is not there');
  await screenshot(page, 'bad-unknown-tag');
  await views(page, /^Overlay/).click();
  await figure(page, /Batches of Dryer 1/).waitFor();
  await note(page, 'Drum speed').waitFor();
  await open(german, state);
  await says(note(german, 'Drum speed'), /Dryer 1 hat keine Messstelle Drum speed/);
  await screenshot(german, 'bad-unknown-tag-de');
});

test('a batch that the unit does not have is named, and the latest is shown', async () => {
  await open(page, { tab: 'trend', batch: 'DR1-1999-001', tags: 'DryerTemp' });
  await says(note(page, 'DR1-1999-001'), /Dryer 1 has no batch DR1-1999-001/, /The latest one is shown/);
  await figure(page).waitFor();
  await open(german, { tab: 'trend', batch: 'DR1-1999-001', tags: 'DryerTemp' });
  await says(note(german, 'DR1-1999-001'), /Dryer 1 hat keine Charge DR1-1999-001/);
});

test('a tag that the account may not read is named with the reason, in the trend and in the overlay', async () => {
  await faults.add({ kind: 'forbidden', object: '|DryerTemp' });
  const state = { tab: 'trend', tags: 'DryerTemp,JacketTemperature' };
  await open(page, state);
  await says(note(page, 'DryerTemp'), /One could not be read in full/, /Dryers/, /the account may not read .*DRYER 1\|DRYERTEMP/i);
  await figure(page).waitFor();
  await accessible(page, 'a trend without a tag that is closed');
  await screenshot(page, 'bad-forbidden-tag');
  await views(page, /^Overlay/).click();
  await figure(page, /Batches of Dryer 1/).waitFor();
  await note(page, 'DryerTemp').waitFor();
  await screenshot(page, 'bad-forbidden-tag-overlay');
  await open(german, state);
  await says(note(german, 'DryerTemp'), /Das Konto darf .* nicht lesen/);
  await screenshot(german, 'bad-forbidden-tag-de');
});

test('a unit that the account may not read is named, and the other units go on', async () => {
  await faults.add({ kind: 'forbidden', object: 'Drying\\Dryer 1' });
  await open(page, { tab: 'trend' });
  await says(alarm(page, "The platform's account may not read this data"), /Dryers/, /may not read .*DRYER 1/i, /whoever runs this PI server/, /Trace id/);
  await accessible(page, 'a unit that is closed');
  await screenshot(page, 'bad-forbidden-unit');
  await page.getByRole('treeitem', { name: 'Dryer 2' }).click();
  await page.getByText(/No batches/).first().waitFor();
  await open(german, { tab: 'trend' });
  await says(alarm(german, 'Das Konto der Plattform darf diese Daten nicht lesen'), /Das Konto darf .* nicht lesen/);
  await screenshot(german, 'bad-forbidden-unit-de');
});

test('a source that lets the account read nothing is named on every page that needs it', async () => {
  await faults.add({ kind: 'status', status: 403 });
  await page.goto(`${portal}/app/basel/mvda`);
  await says(page.getByRole('alert').first(), /The platform's account may not read this data/, /Dryers/, new RegExp(simulator));
  await accessible(page, 'a source that is closed');
  await screenshot(page, 'bad-forbidden-source');
  await german.goto(`${portal}/app/basel/mvda`);
  await says(german.getByRole('alert').first(), /Das Konto der Plattform darf diese Daten nicht lesen/);
  await page.goto(`${portal}/app/basel/sources`);
  await page.getByRole('button', { name: 'Ask now: Dryers' }).click();
  await page.getByRole('row').filter({ hasText: 'Dryers' }).getByText('not reachable').waitFor();
  await page.getByText(/The platform's account may not read this data/).first().waitFor();
  await screenshot(page, 'bad-forbidden-source-health');
  await faults.clear();
  await page.getByRole('button', { name: 'Ask now: Dryers' }).click();
  await page.getByRole('row').filter({ hasText: 'Dryers' }).getByText('reachable', { exact: true }).waitFor();
});

test('a unit that was renamed is named by its old path, and the tree offers what is there now', async () => {
  await faults.add({ kind: 'gone', object: 'Drying\\Dryer 1' });
  await open(page, { tab: 'trend' });
  await says(alarm(page, 'This is no longer on the PI server'), /Basel\\Drying\\Dryer 1/i, /renamed, moved or deleted, or its template was changed; choose it again/);
  await page.getByRole('treeitem', { name: 'Dryer 2' }).waitFor();
  assert.equal(await page.getByRole('treeitem', { name: 'Dryer 1' }).count(), 0);
  await accessible(page, 'a unit that was renamed');
  await screenshot(page, 'bad-renamed');
  await page.getByRole('treeitem', { name: 'Dryer 2' }).click();
  await page.getByText(/No batches/).first().waitFor();
  await open(german, { tab: 'trend' });
  await says(alarm(german, 'Das gibt es auf dem PI-Server nicht mehr'), /das Element .*DRYER 1/i, /umbenannt, verschoben oder gelöscht, oder die Vorlage wurde geändert; bitte neu wählen/);
  await screenshot(german, 'bad-renamed-de');
});

test('a template that loses a tag while somebody looks at it: the tag is named, the others go on', async () => {
  await open(page, { tab: 'trend', range: 'batch', batch: 'DR1-2026-003', tags: 'DryerTemp,JacketTemperature' });
  await figure(page).waitFor();
  await faults.add({ kind: 'gone', object: '|DryerTemp' });
  await page.getByRole('button', { name: '7 d' }).click();
  await says(note(page, 'DryerTemp'), /One could not be read in full/, /DRYERTEMP is no longer on the PI server/i, /template was changed/);
  await figure(page).waitFor();
  await screenshot(page, 'bad-template');
  await page.reload();
  await says(note(page, 'DryerTemp'), /Dryer 1 has no tag DryerTemp/);
  await figure(page).waitFor();
});

/** What a chart saves as CSV. */
async function saved(of, label) {
  const [download] = await Promise.all([of.waitForEvent('download'), of.getByRole('button', { name: label }).first().click()]);
  return readFile(await download.path(), 'utf8');
}

test('a tag to which nobody has given a unit is told as that, with no unit made up, and the others keep theirs', async () => {
  await faults.add({ kind: 'unitless', object: '|AgitatorTorque' });
  const state = { tab: 'trend', range: 'batch', batch: 'DR1-2026-003', tags: 'AgitatorTorque,DryerTemp' };
  await open(page, state);
  await figure(page).getByText('no unit at the source').first().waitFor();
  const row = (of, tag) => figure(of).getByRole('row').filter({ hasText: tag });
  await says(row(page, 'AgitatorTorque'), /AgitatorTorque\s*no unit at the source/);
  await says(row(page, 'DryerTemp'), /DryerTemp\s*°C/);
  const trend = await saved(page, 'Download the shown values as CSV');
  assert.match(trend, /AgitatorTorque \(no unit at the source\).*DryerTemp \(°C\)/);
  const picker = page.getByRole('button', { name: /^Tags:/ });
  await picker.click();
  await says(page.getByRole('group', { name: 'Tags' }).getByRole('listitem').filter({ hasText: 'AgitatorTorque' }), /no unit$/);
  await picker.click();
  await accessible(page, 'a trend of a tag without a unit');
  await screenshot(page, 'bad-unit');
  await views(page, /^Overlay/).click();
  const lanes = figure(page, /Batches of Dryer 1/);
  await lanes.getByText('no unit at the source').first().waitFor();
  await lanes.getByText('°C').first().waitFor();
  await screenshot(page, 'bad-unit-overlay');
  const overlay = (await saved(page, 'Download the shown values as CSV')).split('\n');
  assert.ok(overlay.some((line) => /AgitatorTorque.*no unit at the source/.test(line)) && overlay.some((line) => /DryerTemp.*°C/.test(line)), overlay[1]);
  assert.ok(!`${trend}${overlay.join()}`.includes('N m'));
  await views(page, /^Batches/).click();
  await page.getByText('71 rows').waitFor();
  await open(german, state);
  await says(row(german, 'AgitatorTorque'), /AgitatorTorque\s*keine Einheit an der Quelle/);
  await screenshot(german, 'bad-unit-de');
});

test('a range of time that is reversed says so, and is put right at the same place', async () => {
  const state = { tab: 'trend', range: 'own', start: '2026-01-20T12:00:00Z', end: '2026-01-20T10:00:00Z', tags: 'DryerTemp' };
  await open(page, state);
  await says(alarm(page, 'The input is not valid'), /The range ends before it begins: exchange its ends/);
  await accessible(page, 'a reversed range');
  await screenshot(page, 'bad-reversed');
  await page.getByLabel('To', { exact: true }).fill('2026-01-20T14:00');
  await figure(page).waitFor();
  await open(german, state);
  await says(alarm(german, 'Die Eingabe ist nicht gültig'), /Der Zeitraum endet, bevor er beginnt: bitte Anfang und Ende tauschen/);
  await screenshot(german, 'bad-reversed-de');
});

test('a range of time in the future says when it begins and what time it is', async () => {
  const at = (days) => new Date(Date.now() + days * 86_400_000).toISOString();
  const state = { tab: 'trend', range: 'own', start: at(2), end: at(3), tags: 'DryerTemp' };
  await open(page, state);
  await says(note(page, 'future'), /begins in the future, at \d{4}-\d\d-\d\d \d\d:\d\d/, /it is \d{4}-\d\d-\d\d \d\d:\d\d now/, /choose an earlier one/);
  await accessible(page, 'a range in the future');
  await screenshot(page, 'bad-future');
  await page.getByRole('button', { name: '24 h' }).click();
  await note(page, 'future').waitFor({ state: 'detached' });
  await open(german, state);
  await says(note(german, 'Zukunft'), /beginnt in der Zukunft/, /bitte einen früheren wählen/);
  await screenshot(german, 'bad-future-de');
});

test('a range of time without any value says so, which is no error', async () => {
  await open(page, { tab: 'trend', range: 'own', start: '2001-01-01T00:00:00Z', end: '2001-01-02T00:00:00Z', tags: 'DryerTemp' });
  await says(note(page, 'no value'), /The PI server holds no value of these tags from 2001-01-01 \d\d:\d\d to 2001-01-02 \d\d:\d\d/);
  await screenshot(page, 'bad-nothing');
});

test('a PI server whose clock is wrong is named wherever its values are looked at', async () => {
  await faults.add({ kind: 'clock', seconds: 7200 });
  const [{ id }] = (await analyst.ask('/api/framework/data-sources/health?site=basel')).body;
  assert.equal((await analyst.ask(`/api/framework/data-sources/${id}/check`, { method: 'POST' })).status, 200);
  await open(page, { tab: 'batches' });
  await says(note(page, 'clock'), /The clock of the PI server is (7199|7200|7201) s ahead of the platform’s/, /Compare both with the time server/);
  await page.getByText('71 rows').waitFor();
  await accessible(page, 'a unit of a server whose clock is wrong');
  await screenshot(page, 'bad-clock');
  await page.goto(`${portal}/app/basel/home`);
  await note(page.getByRole('region', { name: 'Data sources' }), 'clock').waitFor();
  await screenshot(page, 'bad-clock-home');
  await open(german, { tab: 'batches' });
  await says(note(german, 'Uhr'), /Die Uhr des PI-Servers geht der Plattform (7199|7200|7201) s voraus/);
  await screenshot(german, 'bad-clock-de');
  await faults.clear();
  assert.equal((await analyst.ask(`/api/framework/data-sources/${id}/check`, { method: 'POST' })).body.health.condition, 'good');
});

/** A PI server whose certificate nobody has signed that the platform trusts. */
async function startSecured() {
  const [certificate, key] = ['certificate.pem', 'key.pem'].map((name) => join(home, name));
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=pi.plant.example',
    '-addext', 'subjectAltName=DNS:pi.plant.example', '-addext', 'basicConstraints=critical,CA:FALSE', '-keyout', key, '-out', certificate], { stdio: 'ignore' });
  secured = spawn(join(home, 'bin', 'pi-simulator'), ['--listen', `127.0.0.1:${secure}`, '--tls-certificate', certificate, '--tls-key', key], { stdio: 'ignore' });
  const problem = () => fetch(`https://127.0.0.1:${secure}/piwebapi`).then(() => '', (error) => error.cause?.code ?? '');
  await eventually('the server with the wrong certificate', async () => /CERT|ALTNAME/.test(await problem()));
}

test('a PI server whose certificate is wrong is read by nobody, and the page says what is wrong with it', async () => {
  await startSecured();
  const administrator = await Tool.of('administrator');
  const site = { site: 'dublin' };
  const setup = { name: 'Nylon', url: `https://127.0.0.1:${secure}/piwebapi`, asset_server: 'PIAF', database: 'Visp', data_server: 'PIMAM', credentials: '', ca_file: null };
  const order = { reason: 'A test of certificates', unconfirmed: true };
  const source = `wrong-certificate-${Date.now()}`;
  const made = await administrator.ask('/api/framework/data-sources?site=dublin', { method: 'POST', body: { id: source, setup, seen: 0, ...order }, ...site });
  assert.equal(made.status, 200, JSON.stringify(made.body));
  const known = async () => (await analyst.ask('/api/mvda/sources', site)).body.some(({ id }) => id === source);
  await eventually('the analysis to know the source', known);
  await page.goto(`${portal}/app/dublin/mvda`);
  await says(page.getByRole('alert').first(), /The PI server's certificate is not accepted/, /Nylon/, new RegExp(`127.0.0.1:${secure}`), /not signed by a CA that this machine trusts/);
  await accessible(page, 'a server whose certificate is wrong');
  await screenshot(page, 'bad-certificate');
  await german.goto(`${portal}/app/dublin/mvda`);
  await says(german.getByRole('alert').first(), /Das Zertifikat des PI-Servers wird nicht anerkannt/, /von keiner CA, der diese Maschine vertraut/);
  await screenshot(german, 'bad-certificate-de');
  await page.goto(`${portal}/app/dublin/sources`);
  await page.getByText(/The PI server's certificate is not accepted/).first().waitFor();
  const gone = await administrator.ask(`/api/framework/data-sources/${source}/remove?site=dublin`, { method: 'POST', body: { seen: 1, ...order }, ...site });
  assert.equal(gone.status, 200, JSON.stringify(gone.body));
  await eventually('the analysis to forget the source', async () => !(await known()));
});

test('nothing of this was an error of a script', () => assert.deepEqual([...page.problems, ...german.problems], []));
