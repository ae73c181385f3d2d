// Copies a text, and says whether that worked.
import { button, copy, say } from '../dom.js';

export function copyButton(text) {
  const made = button('Copy', async () => {
    const outcome = await copy(text).then(() => 'Copied', () => 'Copying failed');
    say(outcome);
    made.textContent = outcome;
    setTimeout(() => (made.textContent = 'Copy'), 2000);
  });
  return made;
}
