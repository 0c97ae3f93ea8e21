// Starts the portal; when even that fails, the page says so instead of staying white.
System.import('@dcp/root-config').catch((error) => {
  const german = document.documentElement.lang === 'de';
  const panel = document.createElement('div');
  panel.className = 'dcp-state dcp-state--error';
  panel.setAttribute('role', 'alert');
  const title = document.createElement('h1');
  title.textContent = german ? 'Das Portal konnte nicht starten' : 'The portal could not start';
  const cause = document.createElement('p');
  cause.textContent = error.message;
  const again = document.createElement('button');
  again.className = 'dcp-button';
  again.textContent = german ? 'Neu laden' : 'Load again';
  again.onclick = () => location.reload();
  panel.append(title, cause, again);
  document.getElementById('main').replaceChildren(panel);
});
