// node shoot.mjs PAGE.html OUT.png [light|dark] [width]: a picture of a whole page.
import {launch, open} from "./browser.mjs";

const [file, out, scheme = "light", width = "1280"] = process.argv.slice(2);
const browser = await launch();
const {page, faults, ms} = await open(browser, file, {colorScheme: scheme, viewport: {width: Number(width), height: 900}});
await page.screenshot({path: out, fullPage: true});
console.log(`${file}: open in ${ms} ms, ${faults.length} faults ${faults.join("; ")}`);
await browser.close();
