// Swagger UI as a person uses it: executes the first example as it stands, and reads the answer off the page.
import { check } from './browser.mjs';

export async function tryItOut(page, address) {
  await page.goto(`${address}/swagger`);
  const operation = page.locator('.opblock', { has: page.locator('[data-path="/v2/generations"]') });
  await operation.locator('.opblock-summary').click();
  const body = operation.locator('textarea.body-param__text');
  await body.waitFor();
  check((await body.inputValue()).includes('A cat wearing a hat'), 'the body is not the first example');
  await operation.getByRole('button', { name: 'Execute' }).click();
  const answer = operation.locator('.live-responses-table .response').first();
  await answer.waitFor();
  check((await answer.locator('.response-col_status').innerText()).startsWith('200'), `not a 200: ${await answer.innerText()}`);
  check((await answer.innerText()).includes('generationId'), 'no generation id in the answer');
  return operation;
}
