// Looks at the reports as a reader would: on a desk, on a phone, on paper, by keyboard, without scripts, and through the
// eyes of an accessibility checker. Ends with 1 if anything is not as it has to be.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';

import { COUNTERPARTS, reports } from './reports.mjs';

const home = process.argv[2];
const require = createRequire(resolve(`${home}/node/package.json`));
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

const MOST_BYTES = 30e6;
/** What a person would no longer call instant; the figure itself is printed. */
const MOST_MS = 5000;
const DESK = { width: 1280, height: 900 };
const PHONE = { width: 320, height: 640 };

const began = Date.now();
const of = await reports(home);
console.log(`reports made in ${Date.now() - began} ms`);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM,
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});

/** A page on a report. What it says to the console and whom it asks is held against it when `look` is done. */
async function open(report, look, { hash = '', ...options } = {}) {
  const context = await browser.newContext({ viewport: DESK, reducedMotion: 'reduce', ...options });
  const page = await context.newPage();
  const said = [];
  page.on('console', (message) => said.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => said.push(`error: ${error.message}`));
  context.on('request', (request) => {
    if (request.url().split('#')[0] !== report.url && !request.url().startsWith('data:')) {
      said.push(`request: ${request.url()}`);
    }
  });
  await page.goto(report.url + hash);
  if (options.javaScriptEnabled !== false) await page.waitForSelector('html[data-ready]', { state: 'attached' });
  await look(page, said);
  assert.deepEqual(said, [], 'the page says nothing and asks nobody');
  if (options.javaScriptEnabled !== false) {
    assert.equal(await page.evaluate(() => window.hacked), undefined, 'nothing of a target runs');
  }
  await context.close();
}

const text = (page, selector) => page.locator(selector).first().innerText();
const hash = (page) => page.evaluate(() => location.hash);
const rows = (page) => page.locator('#list .row').count();
const settled = (page) => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
const link = (values) => `#${new URLSearchParams(values)}`;
const named = (run, status) => run.entries.filter((it) => it.status === status);

async function accessible(page, what) {
  await page.evaluate(axe);
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations', 'incomplete'] }));
  const told = found.violations.map(({ id, help, nodes }) =>
    `${id}: ${help}\n${nodes.slice(0, 3).map((node) => `  ${node.html.slice(0, 200)}\n  ${node.failureSummary}`).join('\n')}`);
  assert.deepEqual(told, [], `axe finds no violation: ${what}`);
}

const fits = async (page, what) => {
  const [wide, room] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  assert.ok(wide <= room, `${what} is ${wide} wide in ${room}`);
};

const checks = {
  async 'a passing run says so at a glance'() {
    await open(of.passing, async (page) => {
      assert.equal(await text(page, 'h1'), 'CONFORMANT');
      assert.ok((await page.locator('svg.mark').boundingBox()).y < DESK.height);
      assert.equal(await page.locator('#violations').count(), 0);
      assert.match(await page.title(), /^CONFORMANT: /);
    });
  },
  async 'a failing run says what is broken, by which clause, and how to repeat it'() {
    await open(of.failing, async (page) => {
      assert.equal(await text(page, 'h1'), 'NOT CONFORMANT');
      const clause = page.locator('.clause').first();
      for (const part of ['.strength', '.statement', '.source', '.compared, .diff', '.exchange pre', '.curl pre', '.copy']) {
        assert.ok((await clause.locator(part).first().innerText()).trim(), part);
      }
      const broken = new Set(named(of.failing.run, 'fail').flatMap((it) => it.violations).filter((it) => !it.followsFrom).flatMap((it) => it.clauses));
      const told = await page.locator('#violations [data-clause]').evaluateAll((all) => all.map((it) => it.dataset.clause));
      assert.deepEqual([...broken].filter((id) => !told.includes(id)), [], 'every broken clause is told');
      const data = await page.locator('#data').evaluate((it) => JSON.parse(it.textContent));
      const follows = new Map(data.rows.map((row) => [row[0], row.at(-1)?.follows ?? []]));
      for (const { name, violations } of named(of.failing.run, 'fail')) {
        for (const { clauses: [id], followsFrom } of violations.filter((it) => it.followsFrom)) {
          const stands = follows.get(name).some((it) => it.endsWith(`follows from ${followsFrom}`) && it.includes(id));
          assert.ok(stands, `${name}: ${id} stands with its case`);
        }
      }
      assert.ok(await page.locator('#violations summary', { hasText: 'Explains' }).count(), 'a cause says what it explains');
    });
  },
  async 'what others made is told of as it was recorded'() {
    for (const name of COUNTERPARTS) {
      const { run } = of[name];
      await open(of[name], async (page) => {
        const told = await text(page, 'h1');
        assert.equal(told === 'NOT CONFORMANT', named(run, 'fail').length > 0, `${name}: ${told}`);
        assert.equal(await page.locator('#violations').count(), named(run, 'fail').length ? 1 : 0, name);
        assert.equal(await page.locator('#known').count(), named(run, 'knownFailure').length ? 1 : 0, name);
        await accessible(page, name);
      });
    }
  },
  async 'every kind of trouble has its section'() {
    await open(of.hostile, async (page) => {
      for (const id of ['violations', 'errors', 'unexpected', 'baseline', 'flaky', 'clean-up', 'warnings', 'known', 'not-tested', 'operations', 'coverage']) {
        assert.ok(await page.locator(`#${id} h2`).isVisible(), id);
        assert.ok(await page.locator(`.contents a[href="#${id}"]`).isVisible(), id);
      }
      assert.equal(await page.locator('a[href^="javascript"]').count(), 0);
      assert.ok((await text(page, '#known')).includes('https://tickets.example/17 until 2999-01-01'));
    });
  },
  async 'headings follow each other, and every landmark is there'() {
    await open(of.hostile, async (page) => {
      const levels = await page.locator('main :is(h1, h2, h3, h4)').evaluateAll((all) => all.map((it) => Number(it.tagName[1])));
      levels.forEach((level, index) => assert.ok(index === 0 ? level === 1 : level <= levels[index - 1] + 1, `h${level} at ${index}`));
      for (const landmark of ['header', 'main', 'nav', 'footer', '[role=search]']) {
        assert.equal(await page.locator(`body ${landmark}`).count(), 1, landmark);
      }
    });
  },
  async 'axe finds nothing, in light and dark, on a desk and on a phone, with a case open'() {
    for (const [viewport, colorScheme] of [[DESK, 'light'], [DESK, 'dark'], [PHONE, 'light']]) {
      await open(of.hostile, async (page) => {
        await page.evaluate(() => document.querySelectorAll('details').forEach((it) => { it.open = true; }));
        await accessible(page, `${colorScheme}, ${viewport.width} px`);
        await page.locator('#list .row .name').first().click();
        await accessible(page, `a case, ${colorScheme}, ${viewport.width} px`);
      }, { viewport, colorScheme });
    }
    await open(of.passing, (page) => accessible(page, 'a passing run'));
  },
  async 'no text of a target is markup'() {
    const name = named(of.hostile.run, 'error')[0].name;
    await open(of.hostile, async (page) => {
      const shown = await text(page, '#errors h3');
      assert.ok(shown.includes('</script><script>window.hacked = 1</script>'), shown);
      const failing = page.locator('#list .fail').first().locator('xpath=..').locator('.name');
      await failing.click();
      await page.locator('#case-body', { hasText: 'onerror=' }).waitFor({ state: 'attached' });
      assert.equal(await page.locator('img, iframe, object, main svg[onload]').count(), 0);
      assert.equal(await page.locator('style').count(), 1);
    }, { hash: link({ status: 'fail' }) });
    assert.ok(name.includes('<script>'));
  },
  async 'the policy of the page refuses what gets in all the same'() {
    await open(of.hostile, async (page, said) => {
      const tried = await page.evaluate(async () => {
        const blocked = [];
        addEventListener('securitypolicyviolation', (event) => blocked.push(event.effectiveDirective));
        const threw = (act) => { try { act(); return false; } catch { return true; } };
        const script = document.createElement('script');
        const markup = threw(() => { document.body.innerHTML += '<b>x</b>'; });
        const source = threw(() => { script.text = 'window.hacked = 6'; });
        script.append('window.hacked = 7');
        document.body.append(script);
        document.body.setAttribute('style', 'display: none');
        const image = new Image();
        image.src = 'http://127.0.0.1:9/x.png';
        const fetched = await fetch('http://127.0.0.1:9/').then(() => true, () => false);
        await new Promise((done) => { setTimeout(done, 100); });
        return { markup, source, fetched, blocked };
      });
      assert.deepEqual([tried.markup, tried.source, tried.fetched], [true, true, false]);
      for (const directive of ['style-src-attr', 'img-src', 'connect-src', 'require-trusted-types-for']) {
        assert.ok(tried.blocked.includes(directive), `${directive} is not among ${tried.blocked}`);
      }
      said.length = 0;
    });
    // As if something of a target had become markup after all.
    const page = resolve(`${home}/tampered.html`);
    const tampered = readFileSync(of.hostile.page, 'utf8')
      .replace('<main ', '<script>window.hacked = 8</script><p onfocus="window.hacked = 9" tabindex="0" autofocus>x</p><main ');
    writeFileSync(page, tampered);
    await open({ ...of.hostile, page, url: `file://${page}` }, async (tab, said) => {
      const refused = said.filter((it) => it.includes('script-src'));
      assert.equal(refused.length, 2, `both scripts are refused: ${said}`);
      said.length = 0;
    });
  },
  async 'filters narrow the list, say how many are left, and stand in the address'() {
    const { run } = of.failing;
    const failing = named(run, 'fail').length;
    const counted = (number) => `${number.toLocaleString('en')} of ${run.entries.length} cases`;
    await open(of.failing, async (page) => {
      await page.getByRole('checkbox', { name: 'failed' }).check();
      await settled(page);
      assert.equal(await text(page, '#shown'), counted(failing));
      assert.equal(await hash(page), '#status=fail');
      assert.equal(await page.locator('#list .status:not(.fail)').count(), 0);
      await page.getByLabel('API', { exact: true }).selectOption('dms');
      await page.getByLabel('Operation', { exact: true }).selectOption('DeleteConnection');
      await page.getByRole('searchbox').fill('refuses');
      await settled(page);
      const left = named(run, 'fail').filter((it) => it.operation === 'DeleteConnection' && it.name.includes('refuses'));
      assert.ok(left.length > 0);
      assert.equal(await text(page, '#shown'), counted(left.length));
      assert.equal(await hash(page), link({ status: 'fail', api: 'dms', operation: 'DeleteConnection', text: 'refuses' }));
      await page.reload();
      await page.waitForSelector('html[data-ready]', { state: 'attached' });
      assert.equal(await text(page, '#shown'), counted(left.length), 'after a reload');
      assert.equal(await page.getByRole('searchbox').inputValue(), 'refuses');
      await page.getByRole('button', { name: 'Clear the filters' }).click();
      assert.match(await text(page, '#shown'), /^All /);
      await page.getByLabel('Profile', { exact: true }).selectOption('extended');
      await settled(page);
      assert.equal(await text(page, '#shown'), counted(run.entries.filter((it) => it.profile === 'extended').length));
      await page.getByRole('searchbox').fill('no such case anywhere');
      await settled(page);
      assert.equal(await text(page, '#shown'), counted(0));
      assert.equal(await rows(page), 0);
    });
  },
  async 'links lead to a case, to a clause and to the cases that break it'() {
    const [entry] = named(of.failing.run, 'fail');
    const [id] = entry.violations[0].clauses;
    await open(of.failing, async (page) => {
      assert.equal(await text(page, '#case-title'), entry.name);
      assert.ok((await text(page, '#case-body')).includes(id));
      assert.ok((await text(page, '#case-body .exchange')).includes('curl -sS'));
      await page.reload();
      await page.waitForSelector('#case[open]');
      assert.equal(await text(page, '#case-title'), entry.name, 'after a reload');
      await page.locator('#case-body a.id').first().click();
      await page.waitForSelector('.clause.sought');
      assert.equal(await page.locator('.clause.sought').getAttribute('data-clause'), id);
      assert.equal(await page.locator('#case[open]').count(), 0);
    }, { hash: link({ case: entry.name }) });
    await open(of.failing, async (page) => {
      const breaking = of.failing.run.entries.filter((it) =>
        [...(it.violations ?? []), ...(it.warnings ?? [])].some((one) => one.clauses.includes(id)));
      assert.ok((await text(page, '#shown')).startsWith(`${breaking.length} of `));
      await page.getByRole('button', { name: `Breaks ${id}` }).click();
      assert.match(await text(page, '#shown'), /^All /);
    }, { hash: link({ breaks: id }) });
    await open(of.failing, async (page) => {
      assert.equal(await text(page, '#shown'), 'No case of this run is called no::such::case.');
    }, { hash: link({ case: 'no::such::case' }) });
  },
  async 'everything is reached by keyboard, and what has the focus shows it'() {
    await open(of.failing, async (page) => {
      const focused = () => page.evaluate(() => {
        const { id, className, tagName } = document.activeElement;
        const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
        const row = document.activeElement.closest('.chip');
        const seen = outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2;
        return { id, className, tagName, seen: seen || (row !== null && getComputedStyle(row).outlineStyle !== 'none') };
      });
      await page.keyboard.press('Tab');
      assert.equal((await focused()).className, 'to-main');
      await page.keyboard.press('Enter');
      assert.equal((await focused()).id, 'main');
      await page.keyboard.press('/');
      assert.equal((await focused()).id, 'text');
      await page.keyboard.type('delete');
      await settled(page);
      assert.equal(await hash(page), '#text=delete');
      let at;
      for (let tabs = 0; tabs < 40; tabs += 1) {
        await page.keyboard.press('Tab');
        at = await focused();
        assert.ok(at.seen, `the focus is not seen on ${at.tagName} ${at.id} ${at.className}`);
        if (at.className === 'name') break;
      }
      assert.equal(at.className, 'name');
      const name = await page.evaluate(() => document.activeElement.textContent);
      await page.keyboard.press('Enter');
      await page.waitForSelector('#case[open]');
      assert.equal(await text(page, '#case-title'), name);
      await page.keyboard.press('ArrowRight');
      assert.notEqual(await text(page, '#case-title'), name);
      await page.keyboard.press('ArrowLeft');
      assert.equal(await text(page, '#case-title'), name);
      await page.keyboard.press('Escape');
      assert.equal(await page.locator('#case[open]').count(), 0);
      assert.equal(await page.evaluate(() => document.activeElement.textContent), name, 'the focus comes back');
      assert.equal(await hash(page), '#text=delete', 'and the filters are still there');
    });
  },
  async 'nothing is wider than a phone'() {
    for (const report of [of.passing, of.hostile]) {
      await open(report, async (page) => {
        await page.evaluate(() => document.querySelectorAll('details').forEach((it) => { it.open = true; }));
        for (const width of [320, 390, 768]) {
          await page.setViewportSize({ width, height: 640 });
          await fits(page, report.page);
        }
        await page.setViewportSize(PHONE);
        await page.locator('#list .row .name').first().click();
        await fits(page, `a case of ${report.page}`);
      }, { viewport: PHONE });
    }
  },
  async 'on paper everything that matters is unfolded, and no control is left'() {
    await open(of.hostile, async (page) => {
      await page.emulateMedia({ media: 'print' });
      const seen = await page.evaluate(() => ({
        folded: [...document.querySelectorAll('main details:not(.long) > :not(summary)')].filter((it) => it.getClientRects().length === 0).length,
        controls: [...document.querySelectorAll('button, input, select, .to-main, #list')].filter((it) => it.getClientRects().length > 0).length,
        ground: getComputedStyle(document.body).backgroundColor,
      }));
      assert.deepEqual(seen, { folded: 0, controls: 0, ground: 'rgb(255, 255, 255)' });
      const paper = await page.pdf({ format: 'A4', printBackground: true });
      assert.ok(paper.length > 20_000);
    }, { colorScheme: 'dark' });
  },
  async 'without its script the page still tells the verdict and what is broken'() {
    await open(of.failing, async (page) => {
      assert.equal(await text(page, 'h1'), 'NOT CONFORMANT');
      assert.ok(await page.locator('.clause .statement').first().isVisible());
      assert.ok(await page.locator('noscript').isVisible());
      assert.equal(await page.locator('button:visible').count() - await page.locator('dialog button:visible').count(), 0);
    }, { javaScriptEnabled: false });
  },
  async 'colours follow the system, or the reader, and are kept'() {
    await open(of.passing, async (page) => {
      const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      const dark = await ground();
      await page.getByRole('button', { name: 'Colours' }).click();
      assert.notEqual(await ground(), dark);
      await page.reload();
      await page.waitForSelector('html[data-ready]', { state: 'attached' });
      assert.notEqual(await ground(), dark, 'after a reload');
      assert.equal(await page.evaluate(() => document.getAnimations().length), 0, 'nothing moves for who asked for rest');
    }, { colorScheme: 'dark' });
  },
  async 'twenty thousand cases are read, filtered and searched at once'() {
    assert.ok(of.large.bytes < MOST_BYTES, `${of.large.bytes} bytes`);
    await open(of.large, async (page) => {
      const ready = Math.round(await page.evaluate(() => performance.getEntriesByName('ready')[0].startTime));
      assert.match(await text(page, '#shown'), /^All 20,000 cases/);
      const took = (act) => page.evaluate(async ([selector, value]) => {
        const control = document.querySelector(selector);
        const from = performance.now();
        if (control.type === 'checkbox') control.click();
        else { control.value = value; control.dispatchEvent(new Event('input', { bubbles: true })); }
        await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
        return Math.round(performance.now() - from);
      }, act);
      const search = [];
      for (const value of ['d', 'de', 'del', 'delete conn 777']) search.push(await took(['#text', value]));
      const found = of.large.run.entries.filter((it) => ['delete', 'conn', '777'].every((word) => it.name.toLowerCase().includes(word)));
      assert.ok((await text(page, '#shown')).startsWith(`${found.length.toLocaleString('en')} of `), await text(page, '#shown'));
      await took(['#text', '']);
      const chip = await took(['#statuses input', '']);
      for (let before = 0; before < 500; before = await rows(page)) {
        await page.locator('#more').scrollIntoViewIfNeeded();
        await page.waitForFunction((count) => document.querySelectorAll('#list .row').length > count, before);
      }
      const slowest = Math.max(ready, chip, ...search);
      console.log(`    ${(of.large.bytes / 1e6).toFixed(1)} MB, interactive after ${ready} ms, a search ${search.join(', ')} ms, a filter ${chip} ms`);
      assert.ok(slowest < MOST_MS, `${slowest} ms`);
    });
  },
};

let failed = 0;
for (const [what, check] of Object.entries(checks)) {
  const from = Date.now();
  try {
    await check();
    console.log(`ok   ${what} (${Date.now() - from} ms)`);
  } catch (error) {
    failed += 1;
    console.error(`FAIL ${what}\n${error.message}\n${error.stack.split('\n').filter((line) => line.includes('check.mjs')).slice(0, 3).join('\n')}`);
  }
}
await browser.close();
console.log(failed ? `html: ${failed} of ${Object.keys(checks).length} do not hold` : `html: ${Object.keys(checks).length} hold`);
process.exit(failed ? 1 : 0);
