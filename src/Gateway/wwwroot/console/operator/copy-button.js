// Copies a text, and says so.
import { button, copy, say } from '../dom.js';

export function copyButton(text) {
  const made = button('Copy', async () => {
    await copy(text);
    say('Copied');
    made.textContent = 'Copied';
    setTimeout(() => (made.textContent = 'Copy'), 2000);
  });
  return made;
}
