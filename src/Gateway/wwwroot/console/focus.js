// What a person has done stays while content is made again: keyboard focus at the same control, or at the page if that is gone, how far a table was scrolled, and what was unfolded.
import { $, h } from './dom.js';

const controls = 'a, button, summary, input, select, textarea, [tabindex]';
const frames = '.scroll, pre';

/** Of an element and of the one that is made in its place. */
const keyOf = element => element.dataset.act ?? [element.tagName, element.id, element.getAttribute('href'), element.getAttribute('aria-label'), element.matches('a, button') ? element.textContent : ''].join(' ');

/** @returns a function that finds it, or what was made in its place; of several that are alike the one with the same number. */
function finder(element, place, selector) {
  const alike = () => [...place.querySelectorAll(selector)].filter(each => keyOf(each) === keyOf(element));
  const number = alike().indexOf(element);
  return () => alike()[number];
}

export function keepFocus(place, change) {
  const focused = place.contains(document.activeElement) ? document.activeElement : null;
  const findFocused = focused && finder(focused, place, controls);
  const scrolled = [...place.querySelectorAll(frames)]
    .filter(({ scrollLeft, scrollTop }) => scrollLeft > 0 || scrollTop > 0)
    .map(frame => ({ left: frame.scrollLeft, top: frame.scrollTop, find: finder(frame, place, frames) }));
  change();
  for (const { left, top, find } of scrolled) find()?.scrollTo({ left, top, behavior: 'instant' });
  if (focused && document.activeElement !== focused) (findFocused() ?? $('#page')).focus({ preventScroll: true });
}

const opened = new Set();

export function folded(key, summary, ...content) {
  const made = h('details', { open: opened.has(key) }, h('summary', { 'data-act': key }, summary), ...content);
  made.ontoggle = () => (made.open ? opened.add(key) : opened.delete(key));
  return made;
}
