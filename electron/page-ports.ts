import { ipcMain, MessageChannelMain, type BrowserWindow, type MessagePortMain } from 'electron';
import { electronPortPipe } from '../shared/wire/node/electron.ts';
import { APP_ORIGIN, PORTS_HERE, PORTS_WANTED } from '../shared/wire/page.ts';
import type { Pipe } from '../shared/wire/pipe.ts';

/**
 * Gives the page its two ports each time it asks, which is once per load and once more after core died. Only the main
 * frame of our own page in our own window may ask.
 */
export function servePorts(
  window: BrowserWindow,
  options: { readonly toCore: (port: MessagePortMain) => void; readonly toShell: (pipe: Pipe) => void },
): void {
  ipcMain.on(PORTS_WANTED, (event) => {
    const { senderFrame, sender } = event;
    if (sender !== window.webContents || senderFrame?.parent || senderFrame?.origin !== APP_ORIGIN) return;
    const core = new MessageChannelMain();
    const shell = new MessageChannelMain();
    options.toCore(core.port1);
    options.toShell(electronPortPipe(shell.port1));
    sender.postMessage(PORTS_HERE, null, [core.port2, shell.port2]);
  });
}
