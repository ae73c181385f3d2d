// node swagger.mjs ADDRESS [SCREENSHOT]: opens Swagger UI, checks what it shows, and executes an example.
import { check, open } from './browser.mjs';
import { tryItOut } from './swagger-page.mjs';

const [address, screenshot] = process.argv.slice(2);
const { browser, page, found } = await open(address, { viewport: { width: 1280, height: 1600 } });
try {
  const operation = await tryItOut(page, address);
  check((await page.locator('.opblock-tag').first().getAttribute('data-tag')) === 'Generations', 'the first group is not that of generations');
  check((await page.locator('section.models').count()) === 1 && (await page.locator('section.models.is-open').count()) === 0, 'the schemas are not folded');
  // An operator's action is never one click away.
  check((await page.locator('.opblock').count()) > 10, 'there are too few operations');
  check((await page.locator('.opblock-summary-path[data-path^="/admin"]').count()) === 0, 'the operators’ routes are shown');
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
