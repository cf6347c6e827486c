// The Electron shell: window, keyring, questions, notices, files. Parses, stores and logs no message content.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { app, dialog, type BrowserWindow } from 'electron';
import { kindOf, PlainsealError } from '../shared/errors.ts';
import { keepCore, type CoreKeeper } from '../shared/shell/keeper.ts';
import { linkIn } from '../shared/shell/outside-link.ts';
import type { Handlers } from '../shared/wire/rpc.ts';
import { ask } from './confirm.ts';
import { createGrants } from './grants.ts';
import { unwrapKey, wrapKey } from './keyring.ts';
import { marksFolder } from './marks.ts';
import { setMenu } from './menu.ts';
import { createNotices } from './notices.ts';
import { createOutsideLinks } from './outside.ts';
import { servePorts } from './page-ports.ts';
import { registerAppScheme } from './protocol.ts';
import { registerSchemes } from './schemes.ts';
import { readStart, type StartOptions } from './start-options.ts';
import { watchUpdates } from './update/watch.ts';
import { serveWindow } from './window-calls.ts';
import { openPageWindow } from './window.ts';
import { startUtilityCore, type OwnHostCalls, type UtilityCore } from './worker.ts';

const noHarness = { crashPoints: [], clockOffset: 0 } as const;
const options = readStart(process.argv);
let window: BrowserWindow | null = null;
let keeper: CoreKeeper<UtilityCore> | null = null;
let page: ReturnType<typeof serveWindow> | null = null;

registerAppScheme();
app.enableSandbox();
// Chromium itself has nothing to look up: the page has no network, lanes use Node's sockets.
app.commandLine.appendSwitch('host-resolver-rules', 'MAP * ^NOTFOUND');
if (options.profile) app.setPath('userData', options.profile);

const grants = createGrants();
const links = createOutsideLinks(() => page?.emit('link.waiting', {}));
/** Nothing of a link is shown while the profile is locked. */
const linkGiven = (): string | null => (keeper?.current() ? links.take() : null);
const notices = createNotices((tag) => {
  window?.show();
  keeper?.current()?.link.emit('notice.clicked', { tag });
});

function needWindow(): BrowserWindow {
  if (!window) throw new PlainsealError('gone', 'there is no window');
  return window;
}

const host: Handlers<OwnHostCalls> = {
  'key.unwrap': ({ wrapped }) => unwrapKey(wrapped),
  'key.wrap': ({ key }) => wrapKey(key),
  confirm: (question, signal) => ask(window, question, signal),
  // Each question has a window of its own here, gone with its answer.
  'confirm.end': () => null,
  notify: (notice) => (notices.show(notice), null),
  badge: ({ count }) => (app.setBadgeCount(count), null),
  'file.pick': () => grants.pick(needWindow()),
  'file.save': ({ name }) => grants.save(needWindow(), name),
  'grant.open': ({ grant }) => grants.open(grant),
  'grant.close': ({ grant }) => (grants.close(grant), null),
  // Core is told of no crash points here: only the harness of the tests asks for them.
  'crash.point': () => null,
};

async function openCore({ kind, authority, signal }: StartOptions, folder: string): Promise<UtilityCore> {
  const core = startUtilityCore(host);
  try {
    const read = (file: string | null): string | null => (file === null ? null : readFileSync(file, 'utf8'));
    const harness =
      kind === 'test' ? { ...noHarness, authority: read(authority), signal: read(signal) } : null;
    const marks = marksFolder(app.getPath('home'));
    await core.link.call('profile.open', { folder, marks, kind, version: app.getVersion(), harness });
    return core;
  } catch (error) {
    core.kill();
    throw error;
  }
}

async function start(): Promise<void> {
  await app.whenReady();
  setMenu({ mac: process.platform === 'darwin', developer: !app.isPackaged });
  registerSchemes(app);
  const folder = join(app.getPath('userData'), options.kind === 'test' ? 'test-profile' : 'profile');
  window = openPageWindow(
    join(import.meta.dirname, '../page'),
    join(import.meta.dirname, '../preload/preload.cjs'),
  );
  window.once('closed', () => (window = null));
  servePorts(window, {
    toCore: (port) => {
      const core = keeper?.current();
      if (core) core.attachPage(port);
      else port.close();
    },
    toShell: (pipe) => {
      if (window) page = serveWindow(pipe, window, linkGiven);
    },
  });
  keeper = await keepCore({
    open: () => openCore(options, folder),
    // The page's port ends with core; it asks for another.
    lost: () => undefined,
    failed: (error) => {
      console.error(`shell: core cannot open the profile again: ${kindOf(error)}`);
      // Core had died, and the person did not unlock the profile for the next one.
      if (kindOf(error) === 'cancelled') app.quit();
    },
  });
  if (options.kind === 'live') watchUpdates(() => window);
}

const linkOf = (given: unknown): unknown =>
  typeof given === 'object' && given !== null && 'link' in given ? given.link : null;

function comeForward(link: unknown): void {
  links.hand(link);
  window?.restore();
  window?.focus();
}
// A second start says nothing to the first but that it was made, and with which link: its command line is from anybody, and so is
// what any program of this person's sends in its place.
app.on('second-instance', (_event, _argv, _folder, given) => comeForward(linkOf(given)));
app.on('open-url', (event, url) => {
  event.preventDefault();
  comeForward(url);
});
app.on('window-all-closed', () => app.quit());
let closed = false;
app.on('before-quit', (event) => {
  if (closed || !keeper) return;
  event.preventDefault();
  notices.clear();
  void keeper.close().finally(() => {
    closed = true;
    app.quit();
  });
});

const link = linkIn(process.argv);
// Electron takes an object for it alone.
if (app.requestSingleInstanceLock({ link })) {
  links.hand(link);
  start().catch((error: unknown) => {
    // A locked profile that the person leaves locked is no error.
    if (kindOf(error) !== 'cancelled')
      dialog.showErrorBox('Plainseal cannot open its profile', kindOf(error));
    app.exit(kindOf(error) === 'cancelled' ? 0 : 1);
  });
} else app.quit();
