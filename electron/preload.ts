/// <reference lib="dom" />
// Hands the page its two ports and nothing else. Runs in the sandbox, before the page.
import { ipcRenderer } from 'electron';
import { PORTS_HERE, PORTS_WANTED } from '../shared/wire/page.ts';

window.addEventListener('message', (event) => {
  if (event.source === window && event.data === PORTS_WANTED) ipcRenderer.send(PORTS_WANTED);
});
ipcRenderer.on(PORTS_HERE, (event) => window.postMessage(PORTS_HERE, location.origin, [...event.ports]));
