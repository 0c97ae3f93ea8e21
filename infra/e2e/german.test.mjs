// Every page once in German: no English sentence is left on it.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { openBrowser, openPage, passwords, portal, screenshot, Tool, unitAddress } from './platform.mjs';

let browser, analyst;
/** The names that people gave to models: data, in whatever language. */
let written = [];
before(async () => {
  browser = await openBrowser();
  analyst = await Tool.of('analyst');
  const unit = new URL(await unitAddress(analyst, 'Dryer 1')).searchParams.get('unit');
  written = (await analyst.ask(`/api/mvda/models?unit=${unit}`)).body.map(({ name }) => name);
});
after(() => browser.close());

/** Words that stand in almost every English sentence and in no German one. */
const ENGLISH = /\b(the|and|of|is|are|not|with|this|that|has|have|no|by|to|from|for|yet|all|every|sign|user|users|loading|model|batch|batches|value|values|limit|reset|view|table|running|ready|failed)\b/gi;

/** The texts of a page without data: identifiers, permissions, what people wrote, descriptions that the PI server gives. */
async function words(page) {
  return page.evaluate(() => {
    const copy = document.body.cloneNode(true);
    const data = 'code, pre, [lang="en"], [translate="no"], noscript, script, style, .path, .id, .more, .dcp-figure-readout th, [role="treeitem"], [role="gridcell"] a, option';
    for (const one of copy.querySelectorAll(data)) one.remove();
    const names = ['aria-label', 'title', 'placeholder'];
    const labels = [...copy.querySelectorAll('*')].flatMap((one) => names.map((name) => one.getAttribute(name) ?? ''));
    const texts = [];
    const walk = document.createTreeWalker(copy, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) texts.push(walk.currentNode.data);
    return [...texts, ...labels].map((text) => text.replace(/\b\w+\.\w+\b/g, '').trim());
  });
}

/** The lines of a page that are not German. */
async function notGerman(page, name) {
  const found = (await words(page)).filter((line) => line.match(ENGLISH) && !written.some((name) => line.includes(name)));
  await screenshot(page, `german-${name}`);
  return found.map((line) => `${name}: ${line}`);
}

async function germanPage(user) {
  const page = await openPage(browser, { locale: 'de-DE' });
  await page.goto(portal);
  await page.getByLabel('Benutzername').waitFor();
  const found = await notGerman(page, 'sign-in');
  await page.getByLabel('Benutzername').fill(user);
  await page.getByLabel('Passwort', { exact: true }).fill(passwords[user]);
  await page.getByRole('button', { name: 'Anmelden', exact: true }).click();
  await page.getByRole('heading', { name: 'Standort wählen' }).waitFor();
  return { page, found };
}

test('the pages of an analyst', async () => {
  const { page, found } = await germanPage('analyst');
  found.push(...(await notGerman(page, 'sites')));
  await page.goto(`${portal}/app/basel/home`);
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.waitForLoadState('networkidle').catch(() => undefined);
  found.push(...(await notGerman(page, 'home')));
  for (const [tab, seen] of [['batches', /71 Zeilen/], ['trend', /Min/], ['overlay', /Mittel ± 3/], ['models', /Modell/]]) {
    await page.goto(await unitAddress(analyst, 'Dryer 1', { tab }));
    await page.getByText(seen).first().waitFor();
    found.push(...(await notGerman(page, tab)));
  }
  await page.goto(await unitAddress(analyst, 'Dryer 1', { tab: 'models', create: 'level' }));
  await page.getByRole('heading', { name: 'Neues Modell' }).waitFor();
  found.push(...(await notGerman(page, 'model-form')));
  const unit = new URL(await unitAddress(analyst, 'Dryer 1')).searchParams.get('unit');
  const ready = (await analyst.ask(`/api/mvda/models?unit=${unit}`)).body.find(({ state, kind }) => state === 'ready' && kind === 'evolution');
  for (const section of ready ? ['overview', 'course', 'record'] : []) {
    await page.goto(await unitAddress(analyst, 'Dryer 1', { tab: 'models', model: ready.id, section }));
    await page.getByText(/R²/).first().waitFor();
    found.push(...(await notGerman(page, `model-${section}`)));
  }
  await page.goto(`${portal}/app/basel/contracts?message=calc.call.finished.v1`);
  await page.getByRole('region', { name: 'Felder' }).waitFor();
  found.push(...(await notGerman(page, 'contracts')));
  await page.goto(`${portal}/app/basel/saw`);
  await page.getByRole('heading', { level: 1 }).waitFor();
  found.push(...(await notGerman(page, 'control-charts')));
  assert.deepEqual(found, []);
  await page.context().close();
});

test('the pages of an administrator', async () => {
  const { page, found } = await germanPage('administrator');
  for (const [path, seen] of [['', 'Benutzer'], ['/roles', 'Laboranalyst'], ['/roles?role=analyst', 'eingebaut'], ['/modules', 'gxp-node'], ['/messages', 'Warteschlangen und Ausgänge'], ['?user=new', 'Neuer Benutzer']]) {
    await page.goto(`${portal}/app/basel/administration${path}`);
    await page.getByText(seen).first().waitFor();
    found.push(...(await notGerman(page, `administration${path.replace(/\W/g, '-')}`)));
  }
  assert.deepEqual(found, []);
  await page.context().close();
});
