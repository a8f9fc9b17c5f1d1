/** Before the first paint: a choice of dark or light that was made earlier. A file of its own, since the page allows no script in it. */
try {
  const chosen = localStorage.getItem('theme')
  if (chosen === 'dark' || chosen === 'light') document.documentElement.dataset['theme'] = chosen
} catch {
  // No storage in this browser: as the system says.
}
