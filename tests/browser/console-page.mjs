// What holds for every page of the console, light and dark, narrow and wide: no accessibility violation, no horizontal scrolling.
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
      check(violations.length === 0, `${name}, ${colorScheme}, ${width} px: ${JSON.stringify(violations.map(({ id, nodes }) => [id, nodes.map(node => node.html)]))}`);
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

/** Whether each control in some parts of the page is in the window and not covered, without scrolling. */
export async function everyControlIsReachable(page, parts, where) {
  const controls = page.locator(parts).locator('a, input, select, textarea, button, summary');
  const found = await controls.evaluateAll(controls => {
    const shown = controls.filter(control => control.checkVisibility() && !control.closest('.menu:not([open]) .menu-items'));
    const hidden = shown.filter(control => {
      const { left, top, width, height } = control.getBoundingClientRect();
      const at = document.elementFromPoint(left + width / 2, top + height / 2);
      return top < 0 || top + height > innerHeight || !at || !(control.contains(at) || at.closest('label')?.control === control || at.closest('.choice, label')?.contains(control));
    });
    return { shown: shown.length, hidden: hidden.map(control => control.id || control.outerHTML) };
  });
  const scrolled = await page.evaluate(() => scrollY + document.querySelector('.composer').scrollTop);
  check(scrolled === 0 || !parts.includes('#form'), `${where}: it was scrolled by ${scrolled} px`);
  check(found.shown > 0 && found.hidden.length === 0, `${where}: ${found.shown} controls, hidden or covered: ${found.hidden.join(', ')}`);
}

/** As a person who has no mouse: Tab until the wanted element has the focus. Each on the way is in the window, and nothing covers it. */
export async function tabTo(page, selector) {
  for (let n = 0; n < 150; n++) {
    await page.keyboard.press('Tab');
    const at = await page.evaluate(selector => {
      const control = document.activeElement;
      if (control === document.body) return { isThere: false };
      const { left, top, width, height } = control.getBoundingClientRect();
      const seen = document.elementFromPoint(left + width / 2, top + height / 2);
      const isSeen = control.contains(seen) || control.parentElement.contains(seen);
      return { isThere: control.matches(selector), covered: isSeen ? null : control.outerHTML };
    }, selector);
    check(!at.covered, `on the way to ${selector}, the focus is hidden: ${at.covered}`);
    if (at.isThere) return;
  }
  throw new Error(`Tab does not lead to ${selector}`);
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
