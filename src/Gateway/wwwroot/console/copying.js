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
  return menu;
}

// Of all lists, those of the page included: one is open at a time, and Escape closes it, but not the dialog around it.
const openMenu = ({ target }) => target.closest?.('.menu[open]');
document.addEventListener('click', event => {
  for (const menu of document.querySelectorAll('.menu[open]')) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener('keydown', event => {
  const menu = event.key === 'Escape' && openMenu(event);
  if (!menu) return;
  event.preventDefault();
  menu.open = false;
  menu.querySelector('summary').focus();
});
document.addEventListener('focusout', event => {
  const menu = openMenu(event);
  if (menu && event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false;
});
