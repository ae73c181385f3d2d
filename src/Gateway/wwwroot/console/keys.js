// The keys of the page, and the sheet that lists them.
import { $, button, emit, h } from './dom.js';

const keys = [
  ['Ctrl+Enter, ⌘+Enter', 'Generate, from anywhere in the form'],
  ['/', 'Go to the prompt'],
  ['s', 'Go to the search'],
  ['j, k', 'The next or previous generation'],
  ['← →', 'The previous or next image, when one is open'],
  ['z', 'Actual size, when an image is open'],
  ['Esc', 'Close what is open'],
  ['?', 'This list'],
];

export function setUpKeys() {
  addEventListener('keydown', event => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.closest('input, textarea, select, dialog')) return;
    if (event.key === '?') showKeys();
    else if (event.key === '/') goToPrompt();
    else if (event.key === 's') $('#search').focus();
    else if (event.key === 'j') emit('step', 1);
    else if (event.key === 'k') emit('step', -1);
    else return;
    event.preventDefault();
  });
  $('#keys').addEventListener('click', showKeys);
}

function goToPrompt() {
  location.hash = '#generate';
  // After the page of the prompt is shown.
  setTimeout(() => $('#prompt').focus());
}

function showKeys() {
  const dialog = h(
    'dialog',
    { 'aria-label': 'Keyboard shortcuts' },
    h('h2', {}, 'Keyboard shortcuts'),
    h('dl', { class: 'keys' }, keys.map(([key, what]) => h('div', {}, h('dt', {}, h('kbd', {}, key)), h('dd', {}, what)))),
    h('div', { class: 'actions' }, button('Close', () => dialog.close())),
  );
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
