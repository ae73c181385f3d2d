// What a person asked for and what failed stays said until the next try: that the page reads itself again does not clear it.
import { $ } from '../dom.js';
import { cardFor } from '../problems.js';

/** @param action may return an element that says what has come of it. */
export async function attempt(action) {
  const place = $('#operator-outcome');
  place.replaceChildren();
  try {
    place.append((await action()) ?? '');
  } catch (fault) {
    place.replaceChildren(cardFor(fault));
  }
}
