// Runs before the application: a theme chosen earlier wins over the system's.
(function () {
  var dark = matchMedia('(prefers-color-scheme: dark)').matches;
  try {
    var chosen = localStorage.getItem('latchkey.theme');
    if (chosen === 'dark' || chosen === 'light') dark = chosen === 'dark';
  } catch (storageRefused) {
    // Private windows may refuse storage; the system's choice stands.
  }
  document.documentElement.dataset.theme = dark ? 'dark' : 'light';
})();
