// node behind-a-proxy.mjs ADDRESS [SCREENSHOTS NAME]: everything of the gateway that a browser loads, at the address that people have: the console makes an
// image, problem pages and documents are reached by their links, Swagger UI executes its example.
import { check, open } from './browser.mjs';
import { tryItOut } from './swagger-page.mjs';

const [address, screenshots, name] = process.argv.slice(2);
const prefix = new URL(address).pathname.replace(/\/$/, '');
const { browser, page, found } = await open(address, { viewport: { width: 1440, height: 900 }, ignoreHTTPSErrors: true }, [
  { path: `${prefix}/v2/generations`, status: 400 },
  { path: `${prefix}/v2/generations/quote`, status: 400 },
]);
// For a busy machine.
page.setDefaultTimeout(90_000);
const shoot = what => screenshots && page.screenshot({ path: `${screenshots}/${name}-${what}.png`, fullPage: true });
const isStyled = () => page.evaluate(() => [...document.styleSheets].some(sheet => sheet.href && sheet.cssRules.length > 0));

/** Follows a link that may open a window of its own. */
async function follow(link) {
  const href = await link.evaluate(element => element.href);
  check(href.startsWith(`${address}/`), `a link to ${href}`);
  const response = await page.goto(href);
  check(response.status() === 200, `${href} answers ${response.status()}`);
  check(await isStyled(), `${href} has no style`);
}

try {
  await page.goto(`${address}/`);
  await page.getByRole('button', { name: 'Team' }).waitFor();
  await page.getByLabel('Prompt', { exact: true }).fill('A lighthouse behind a hill');
  await page.getByRole('button', { name: 'Generate', exact: true }).click();
  await page.locator('.result img').first().waitFor();
  await page.waitForFunction(() => [...document.querySelectorAll('.result img')].every(image => image.complete && image.naturalWidth > 0));
  check(await isStyled(), 'the console has no style');
  await shoot('console');

  // A refusal links to its page, and that to all of them.
  await page.getByLabel('Width').fill('100');
  await page.getByRole('button', { name: 'Generate', exact: true }).click();
  await follow(page.locator('#form-problem').getByRole('link', { name: 'What this means' }));
  await shoot('problem');
  await follow(page.getByRole('link', { name: 'All problems' }));
  await follow(page.getByRole('link', { name: 'validation', exact: true }));

  await page.goto(`${address}/`);
  await page.getByText('Help', { exact: true }).click();
  await follow(page.getByRole('link', { name: 'Problem pages' }));
  await page.goto(`${address}/docs`);
  await follow(page.getByRole('link', { name: 'Console', exact: true }));

  await tryItOut(page, address);
  await shoot('swagger');
  const faults = await found();
  check(faults === '', faults);
  console.log('ok');
} finally {
  await browser.close();
}
