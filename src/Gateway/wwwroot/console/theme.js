// Runs before the page is painted, so that a chosen theme does not flash. It is all that outlives this tab.
(() => {
  try {
    const theme = localStorage.getItem('theme');
    if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
  } catch {
    // Storage may be forbidden; the system's setting holds then.
  }
})();
