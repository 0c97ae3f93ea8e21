// Sets the theme before the first paint, so that a dark portal does not flash white.
(() => {
  const root = document.documentElement;
  let choice = 'system';
  try {
    choice = JSON.parse(localStorage.getItem('dcp.theme')) || choice;
    root.dataset.density = JSON.parse(localStorage.getItem('dcp.density')) || 'compact';
    root.lang = JSON.parse(localStorage.getItem('dcp.language')) || root.lang;
  } catch {
    // a browser without storage gets the system's theme
  }
  const dark = choice === 'dark' || (choice === 'system' && matchMedia('(prefers-color-scheme: dark)').matches);
  root.dataset.theme = dark ? 'dark' : 'light';
})();
