// A button that opens a list of languages, in which a request can be copied as a program.
import { button, copy, h, say } from './dom.js';

const languages = ['curl', 'curl without jq', 'Python', 'Python with requests', 'TypeScript', 'C#', 'PowerShell'];

/** @param request returns the request. */
export function copyAs(request) {
  const title = h('summary', { class: 'quiet' }, 'Copy as…');
  const menu = h(
    'details',
    { class: 'menu' },
    title,
    h(
      'div',
      { class: 'menu-items' },
      languages.map(name =>
        button(name, async () => {
          try {
            const { write } = await import('./code.js');
            await copy(write(name, request()));
            title.textContent = 'Copied';
            say(`Copied as ${name}`);
          } catch {
            title.textContent = 'Copying failed';
          }
          menu.open = false;
          title.focus();
          setTimeout(() => (title.textContent = 'Copy as…'), 2000);
        }),
      ),
    ),
  );
  menu.addEventListener('keydown', event => {
    if (event.key !== 'Escape' || !menu.open) return;
    event.preventDefault();
    event.stopPropagation();
    menu.open = false;
    title.focus();
  });
  menu.addEventListener('focusout', event => {
    if (!menu.contains(event.relatedTarget) && event.relatedTarget) menu.open = false;
  });
  return menu;
}

// One list is open at a time.
document.addEventListener('click', event => {
  for (const menu of document.querySelectorAll('.menu[open]')) if (!menu.contains(event.target)) menu.open = false;
});
