// What a person has done stays while content is made again: keyboard focus at the same control, or at the page if that is gone, and what was unfolded.
import { $, h } from '../dom.js';

export function keepFocus(place, change) {
  const focused = document.activeElement;
  const act = place.contains(focused) ? (focused.dataset.act ?? '') : null;
  change();
  if (act !== null && document.activeElement !== focused) (place.querySelector(`[data-act="${CSS.escape(act)}"]`) ?? $('#page')).focus({ preventScroll: true });
}

const opened = new Set();

export function folded(key, summary, ...content) {
  const made = h('details', { open: opened.has(key) }, h('summary', { 'data-act': key }, summary), ...content);
  made.ontoggle = () => (made.open ? opened.add(key) : opened.delete(key));
  return made;
}
