// Keyboard focus stays where it was while content is made again: at the same control if it is still there, else at the page.
import { $ } from '../dom.js';

export function keepFocus(place, change) {
  const focused = document.activeElement;
  const act = place.contains(focused) ? (focused.dataset.act ?? '') : null;
  change();
  if (act !== null) (place.querySelector(`[data-act="${CSS.escape(act)}"]`) ?? $('#page')).focus({ preventScroll: true });
}
