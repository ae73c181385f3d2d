// node swagger.mjs ADDRESS [SCREENSHOT]: opens Swagger UI, executes the guide's example as it stands, and reads the answer off the page.
import { check, open } from './browser.mjs';

const [address, screenshot] = process.argv.slice(2);
const { browser, page, found } = await open(address, { viewport: { width: 1280, height: 1600 } });
try {
  await page.goto(`${address}/swagger`);
  const operation = page.locator('.opblock', { has: page.locator('[data-path="/v2/generations"]') });
  await operation.locator('.opblock-summary').click();
  const body = operation.locator('textarea.body-param__text');
  await body.waitFor();
  check((await body.inputValue()).includes('A cat wearing a hat'), 'the example is not the guide’s');
  await operation.getByRole('button', { name: 'Execute' }).click();
  const answer = operation.locator('.live-responses-table .response').first();
  await answer.waitFor();
  check((await answer.locator('.response-col_status').innerText()).startsWith('200'), `not a 200: ${await answer.innerText()}`);
  check((await answer.innerText()).includes('generationId'), 'no generation id in the answer');
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
