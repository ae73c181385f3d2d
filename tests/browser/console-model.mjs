// node console-model.mjs ADDRESS MODEL: the form follows the limits and the price of a model that the console does not know.
import { check, open } from './browser.mjs';

const [address, name] = process.argv.slice(2);
const { models } = await (await fetch(`${address}/v2/models`)).json();
const { title, limits, aspect_ratios: ratios } = models.find(each => each.name === name);
const { browser, page, found } = await open(address);
page.setDefaultTimeout(60_000);
const quantities = () => page.getByRole('group', { name: 'Images', exact: true }).getByRole('radio').evaluateAll(radios => radios.map(radio => Number(radio.value)));
const largest = numbers => Math.max(...numbers);
try {
  await page.goto(address);
  await page.locator('#quote .price').waitFor();
  check(largest(await quantities()) !== limits.quantity.max, 'the first model has the same limit: nothing would be seen to follow');
  await page.getByLabel('Model', { exact: true }).selectOption({ label: title });

  check(largest(await quantities()) === limits.quantity.max, `the form offers ${await quantities()} images`);
  for (const side of ['Width', 'Height']) {
    const input = page.getByLabel(side, { exact: true });
    const range = limits[side.toLowerCase()];
    const shown = await input.evaluate(({ min, max, value }) => [min, max, value].join());
    check(shown === [range.min, range.max, range.default].join(), `${side} is ${shown}`);
  }
  const sizes = await page.locator('#ratios input').evaluateAll(inputs => inputs.map(({ dataset }) => `${dataset.width} × ${dataset.height}`));
  for (const ratio of ratios) check(sizes.includes(`${ratio.width} × ${ratio.height}`), `the size ${ratio.name} is missing in ${sizes}`);
  await page.getByText(`of ${limits.prompt_max_length} characters`).waitFor();
  await page.getByText(`Up to ${limits.max_references}:`).waitFor();

  const quote = page.waitForResponse(response => response.url().endsWith('/quote') && response.request().postDataJSON().parameters.quantity === limits.quantity.max);
  await page.getByRole('radio', { name: String(limits.quantity.max), exact: true }).check();
  const { cost } = await (await quote).json();
  await page.getByText(`$${cost.amount}`).first().waitFor();
  const faults = await found();
  check(faults === '', faults);
} finally {
  await browser.close();
}
