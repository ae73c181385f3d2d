// node swagger.mjs ADDRESS [SCREENSHOT]: opens Swagger UI and executes an example.
import { check, open } from './browser.mjs';
import { tryItOut } from './swagger-page.mjs';

const [address, screenshot] = process.argv.slice(2);
const { browser, page, found } = await open(address, { viewport: { width: 1280, height: 1600 } });
try {
  const operation = await tryItOut(page, address);
  if (screenshot) {
    await operation.scrollIntoViewIfNeeded();
    await page.screenshot({ path: screenshot, fullPage: false });
  }
  const faults = await found();
  check(faults === '', faults);
  console.log('ok');
} finally {
  await browser.close();
}
