// node page_test.mjs PROGRAM SOURCE [FOLDER]: opens pages of every kind and uses them. Exit 77 where no browser is there.
import assert from "node:assert/strict";
import {mkdirSync, mkdtempSync, readFileSync, statSync} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {absence, launch, open} from "./browser.mjs";
import {hostileNames, manyLayers, Pages} from "./pages.mjs";

const [program, source, kept] = process.argv.slice(2);
const missing = await absence();
if (missing) {
  console.log(`SKIPPED: ${missing}`);
  process.exit(77);
}
if (kept) mkdirSync(kept, {recursive: true});
const folder = kept || mkdtempSync(join(tmpdir(), "wattlayer-pages-"));
const pages = new Pages(program, source, folder);
const browser = await launch();

async function opened(file, settings, use) {
  const {page, context, faults, ms} = await open(browser, file, settings);
  const drawn = await page.evaluate(() => document.documentElement.dataset.ready);
  console.log(`  opened in ${ms} ms, drawn in ${drawn} ms`);
  await use(page);
  assert.deepEqual(faults, [], "console errors, uncaught errors or requests");
  await context.close();
  return ms;
}

const cells = (page, column) => page.$$eval(".rows .row", (rows, at) => rows.map((row) => row.children[at].textContent), column);
const firstRow = async (page) => (await page.$$eval(".rows .row", (rows) => rows.map((row) => ({top: new DOMMatrix(row.style.transform).f, text: row.textContent}))
  )).sort((a, b) => a.top - b.top)[0].text;
const counted = (page) => page.textContent(".counted");
const background = (page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);

const tests = {
  async "a network: under 2 MB, sorts, searches, filters, switches its theme"() {
    const file = pages.network();
    assert.ok(statSync(file).size < 2e6, "ResNet-50 is under 2 MB");
    await opened(file, {colorScheme: "light"}, async (page) => {
      assert.match(await page.textContent("h1"), /resnet50/);
      assert.ok((await page.$$("canvas")).length >= 4, "treemap, batches, two rooflines");
      assert.match(await counted(page), /^54 layers/);
      const dearest = await firstRow(page);
      await page.click('[data-key="energy"]');
      assert.notEqual(await firstRow(page), dearest, "the other way round");
      await page.click('[data-key="name"]');
      const names = await cells(page, 1);
      assert.ok(names.length > 5);
      await page.fill('input[type="search"]', "gemm");
      assert.match(await counted(page), /^1 layer,/);
      await page.fill('input[type="search"]', "");
      await page.selectOption('select[aria-label="operator"]', "MaxPool");
      assert.match(await counted(page), /^1 layer,/);
      await page.selectOption('select[aria-label="operator"]', "");
      await page.click('.tools .choice button:has-text("extrapolated")');
      assert.ok((await cells(page, 11)).every((text) => text.includes("extrapolated")));
      await page.click(".rows .row");
      assert.match(await page.textContent(".details"), /intensity/);
      const light = await background(page);
      await page.click("#theme");
      assert.notEqual(await background(page), light);
      assert.equal(await page.textContent("#theme"), "light");
      await page.screenshot({path: join(folder, "resnet50-dark.png"), fullPage: true});
      await page.click("#theme");
      assert.equal(await background(page), light);
      await page.screenshot({path: join(folder, "resnet50-light.png"), fullPage: true});
    });
  },

  async "the system's dark theme without a click"() {
    await opened(join(folder, "resnet50.html"), {colorScheme: "dark"}, async (page) => assert.equal(await page.textContent("#theme"), "light"));
  },

  async "a click goes into the treemap and the path comes back"() {
    await opened(join(folder, "resnet50.html"), {}, async (page) => {
      const box = page.locator(".treemap");
      const before = await box.screenshot();
      const size = await box.boundingBox();
      await box.click({position: {x: size.width * 0.3, y: size.height * 0.4}});
      await page.waitForTimeout(1200);
      assert.notDeepEqual(await box.screenshot(), before);
    });
  },

  async "paper: light, without controls, the dearest layers in full"() {
    await opened(join(folder, "resnet50.html"), {colorScheme: "dark"}, async (page) => {
      const pdf = await page.pdf({path: join(folder, "resnet50.pdf"), format: "A4"});
      assert.ok(pdf.length > 50000);
      assert.equal(await page.textContent("#theme"), "light", "dark again after printing");
    });
  },

  async "what follows from stated factors has its basis"() {
    await opened(pages.derived(), {}, async (page) => {
      const text = await page.textContent("#derived");
      assert.match(text, /CO2e per inference.*g\/kWh of France/s);
      assert.match(text, /devices busy0\.0/);
    });
  },

  async "hostile names stay text"() {
    const file = pages.hostile();
    await opened(file, {}, async (page) => {
      await page.fill('input[type="search"]', "onerror");
      assert.match(await counted(page), /^1 layer,/);
      await page.click(".rows .row");
      assert.ok((await page.textContent(".details h3")).includes(hostileNames[0]));
      assert.equal(await page.$("img"), null, "no element came of a name");
      assert.equal(await page.$("#hostile"), null);
      await page.hover(".treemap", {position: {x: 300, y: 200}});
    });
    assert.ok(!readFileSync(file, "utf8").includes(hostileNames[0]));
  },

  async "20,000 layers: opens, scrolls, searches"() {
    await opened(pages.many(), {}, async (page) => {
      assert.match(await counted(page), new RegExp(`^${manyLayers.toLocaleString("en-US")} layers`));
      assert.ok((await page.$$(".rows .row")).length < 80, "only rows in sight are there");
      await page.$eval(".virtual", (table) => { table.scrollTop = table.scrollHeight; });
      await page.waitForTimeout(100);
      assert.ok((await page.$$(".rows .row")).length > 5, "rows at the end");
      const took = await page.evaluate(() => {
        const began = performance.now();
        document.querySelector('[data-key="time"]').click();
        return performance.now() - began;
      });
      console.log(`  sorted in ${Math.round(took)} ms`);
      await page.fill('input[type="search"]', "softmax 1x1003 ");
      assert.match(await counted(page), /^1 layer,/);
      await page.screenshot({path: join(folder, "many.png"), fullPage: true});
    });
  },

  async "several networks and devices: side by side, each can be shown"() {
    await opened(pages.several(), {}, async (page) => {
      assert.equal((await page.$$("#overview tbody tr")).length, 8);
      assert.match(await page.textContent("#overview"), /do not compare/);
      await page.click("#overview tbody tr:nth-child(6) button");
      assert.match(await page.textContent("h2.name"), /vgg11/);
      await page.screenshot({path: join(folder, "several.png"), fullPage: true});
    });
  },

  async "a comparison says who wins and how clearly"() {
    await opened(pages.compared(), {}, async (page) => {
      assert.equal((await page.$$("#verdict tbody tr")).length, 6);
      assert.match(await page.textContent("#verdict .verdict"), /alexnet/);
      assert.equal((await page.$$("#pairs tbody tr")).length, 15);
      assert.ok(await page.$("#front canvas"));
      await page.screenshot({path: join(folder, "compared.png"), fullPage: true});
    });
  },

  async "measurements beside their estimate"() {
    await opened(pages.measured(), {}, async (page) => {
      assert.match(await page.textContent("#measured"), /energy per pass, measured/);
      assert.match(await page.textContent("#measured"), /the estimate is [+−][0-9.,]+ % off/);
      assert.equal((await page.$$("#all tbody tr")).length, 2);
      await page.screenshot({path: join(folder, "measured.png"), fullPage: true});
    });
  },

  async "layer by layer: estimated against measured"() {
    await opened(pages.byLayer(), {}, async (page) => {
      assert.ok((await page.$$("#all tbody tr")).length > 10);
      assert.ok(await page.$("#agreement canvas"));
    });
  },

  async "no meter: the energy is unknown, never zero"() {
    await opened(pages.unmetered(), {}, async (page) => {
      assert.equal(await page.textContent("#measured .big"), "unknown");
    });
  },

  async "an evaluation: tables and plots"() {
    const file = pages.evaluated();
    if (!file) return console.log("  SKIPPED: the folder shared/data is not there");
    await opened(file, {}, async (page) => {
      assert.ok((await page.$$("#split-0 tbody tr")).length > 0);
      await page.locator("#split-0 .plots").scrollIntoViewIfNeeded();
      await page.waitForSelector("#split-0 canvas");
      await page.screenshot({path: join(folder, "evaluated.png"), fullPage: true});
    });
  },
};

let failed = 0;
for (const [name, test] of Object.entries(tests)) {
  console.log(name);
  try {
    await test();
  } catch (error) {
    ++failed;
    console.log(`  FAILED: ${error.stack}`);
  }
}
await browser.close();
console.log(failed ? `${failed} of ${Object.keys(tests).length} failed; pages in ${folder}` : `all ${Object.keys(tests).length} passed; pictures in ${folder}`);
process.exit(failed ? 1 : 0);
