// The other sites of the demo: batches with unit procedures and phases in Visp, cycles of a chromatography in Stein.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { accessible, eventually, openBrowser, openPage, portal, screenshot, signIn, Tool } from './platform.mjs';

const SITES = [
  { site: 'visp', branches: ['Polymerization'], unit: 'Autoclave 1', batches: 57, first: 'NY1-001', tag: 'Tag02' },
  { site: 'stein', branches: ['Downstream'], unit: 'Skid 1', batches: 120, first: 'SK1-001', tag: 'Conductivity' },
];

let browser, page, analyst;
/** The address of the unit of Visp. */
let visp;
before(async () => {
  browser = await openBrowser();
  analyst = await Tool.of('analyst');
  page = await openPage(browser);
  await page.goto(`${portal}/sites`);
  await signIn(page, 'analyst');
});
after(() => browser.close());

test('all sites can be chosen', async () => {
  for (const name of ['Basel', 'Stein', 'Visp']) await page.getByRole('link', { name: new RegExp(`^${name}`) }).waitFor();
  await screenshot(page, 'sites');
});

for (const { site, branches, unit, batches, first, tag } of SITES) {
  test(`${unit} of ${site} stands in the tree, and its ${batches} batches in the table`, async () => {
    await page.goto(`${portal}/app/${site}/mvda`);
    const leaf = page.getByRole('treeitem', { name: unit });
    const steps = branches.map((name) => page.getByRole('treeitem', { name, exact: true }));
    await steps[0].or(leaf).first().waitFor();
    for (const step of steps) if (!(await leaf.isVisible())) await step.click();
    await leaf.click();
    await page.getByText(`${batches} rows`).first().waitFor();
    if (site === 'visp') visp = page.url();
    await page.getByRole('searchbox').or(page.getByPlaceholder('Filter')).first().fill(first);
    await page.getByText(first).first().waitFor();
    await accessible(page, `the batches of ${unit}`);
    await screenshot(page, `site-${site}-batches`);
  });

  test(`the values of ${unit} can be drawn, those of a batch and all`, async () => {
    for (const tab of ['trend', 'overlay']) {
      const address = new URL(page.url());
      address.searchParams.set('tab', tab);
      address.searchParams.set('batch', first);
      address.searchParams.set('tags', tag);
      await page.goto(address.href);
      // The skid has a value every two seconds: 432,000 of one tag in all its cycles.
      await page.getByRole('figure').or(page.locator('canvas')).first().waitFor({ timeout: 90_000 });
      assert.equal(await page.getByRole('alert').count(), 0, await page.getByRole('alert').allTextContents().then(String));
      await screenshot(page, `site-${site}-${tab}`);
    }
  });
}

test('a model of the polymerization is calculated by the engine of its site', async () => {
  const ask = (path, options = {}) => analyst.ask(`/api/mvda${path}`, { site: 'visp', ...options });
  const [source] = (await ask('/sources')).body;
  const unit = Object.fromEntries(['unit', 'path'].map((key) => [key, new URL(visp).searchParams.get(key)]));
  const of = `/sources/${source.id}/elements/${unit.unit}`;
  const tags = (await ask(`${of}/tags`)).body.filter(({ name }) => /^Tag0[2-5]$/.test(name));
  const batches = (await ask(`${of}/batches`)).body.items.filter(({ end }) => end);
  const made = await ask('/models', {
    method: 'POST',
    body: {
      name: 'Polymerization',
      kind: 'evolution',
      source: source.id,
      unit: { web_id: unit.unit, path: unit.path, name: 'Autoclave 1' },
      tags: tags.map(({ name, web_id }) => ({ name, web_id })),
      batches: batches.map(({ id, start, end }, at) => ({ id, start, end, reference: at < 30 })),
      components: 2,
    },
  });
  assert.equal(made.status, 202, JSON.stringify(made.body));
  const ended = await eventually(
    'the model',
    async () => {
      const { body } = await ask(`/models/${made.body.id}`);
      return ['ready', 'failed'].includes(body.state) && body;
    },
    120,
  );
  assert.equal(ended.state, 'ready', JSON.stringify(ended));
  assert.equal(ended.batches, batches.length);
});

test('nothing of this was an error of a script', () => assert.deepEqual(page.problems, []));
