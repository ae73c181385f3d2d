// What holds for every page of the console, light and dark, narrow and wide: no serious accessibility violation, no horizontal scrolling.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { check } from './browser.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core'), 'utf8');

/** @param folder for screenshots; without it none are taken. */
export async function inspect(page, name, folder) {
  for (const colorScheme of ['light', 'dark']) {
    for (const width of [360, 1440]) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await page.setViewportSize({ width, height: width === 360 ? 780 : 900 });
      const sideways = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      check(sideways <= 0, `${name}, ${width} px: ${sideways} px wider than the window`);
      if (folder) await page.screenshot({ path: `${folder}/${name}-${colorScheme}-${width}.png`, fullPage: true });
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() => globalThis.axe.run());
      const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
      check(serious.length === 0, `${name}, ${colorScheme}, ${width} px: ${JSON.stringify(serious.map(({ id, nodes }) => [id, nodes.map(node => node.html)]))}`);
    }
  }
}

/** The window as a person sees it, in both themes. */
export async function shoot(page, name, folder) {
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.screenshot({ path: `${folder}/${name}-${colorScheme}.png` });
  }
}

/** As a person drops files from the desktop: each is `[name, type, bytes]`. */
export async function drop(page, ...files) {
  const transfer = await page.evaluateHandle(
    files => {
      const transfer = new DataTransfer();
      for (const [name, type, base64] of files) transfer.items.add(new File([Uint8Array.from(atob(base64), letter => letter.charCodeAt(0))], name, { type }));
      return transfer;
    },
    files.map(([name, type, bytes]) => [name, type, bytes.toString('base64')]),
  );
  await page.dispatchEvent('#drop', 'drop', { dataTransfer: transfer });
}

/** A real PNG: one pixel. */
export const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==', 'base64');
