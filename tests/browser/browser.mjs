// Opens a page from file:// and notes everything that must not happen: console errors, uncaught errors, requests.
import {existsSync} from "node:fs";
import {pathToFileURL} from "node:url";

export const chromiumPath = process.env.CHROMIUM || "/usr/bin/chromium";

/// Why the tests cannot run here; empty when they can.
export async function absence() {
  if (!existsSync(chromiumPath)) return `${chromiumPath} is not there; run: tools/install_packages.sh browser`;
  try {
    await import("playwright-core");
  } catch {
    return "playwright-core is not there; run: npm ci --prefix tests/browser";
  }
  return "";
}

export async function launch() {
  const {chromium} = await import("playwright-core");
  return chromium.launch({executablePath: chromiumPath, args: ["--no-sandbox", "--disable-dev-shm-usage"]});
}

export async function open(browser, file, settings = {}) {
  const context = await browser.newContext({viewport: {width: 1280, height: 900}, offline: true, ...settings});
  const page = await context.newPage();
  const faults = [];
  page.on("console", (message) => { if (["error", "warning"].includes(message.type())) faults.push(`console: ${message.text()}`); });
  page.on("pageerror", (error) => faults.push(`uncaught: ${error.stack}`));
  page.on("dialog", (dialog) => { faults.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  page.on("request", (request) => { if (!/^(file|data|blob):/.test(request.url()) || (request.url().startsWith("file:") && request.url() !== pathToFileURL(file).href)) faults.push(`request: ${request.url()}`); });
  const began = Date.now();
  await page.goto(pathToFileURL(file).href);
  await page.waitForSelector("html[data-ready]");
  return {page, context, faults, ms: Date.now() - began};
}
