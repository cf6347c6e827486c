import { without, type Mutant, type Mutants } from './mutant.ts';

const of = (file: string, code: string, instead?: string): Mutant =>
  without(`electron/${file}.ts`, code, instead);

/** The lines that confine the Electron shell. */
export const shell: Mutants = {
  name: 'shell',
  tests: ['electron/hardening.test.ts', 'electron/shell.test.ts'],
  mutants: [
    of('main', 'app.enableSandbox();'),
    of('main', "app.commandLine.appendSwitch('host-resolver-rules', 'MAP * ^NOTFOUND');"),
    of('main', 'if (app.requestSingleInstanceLock({ link }))', 'if (true)'),
    of('main', 'developer: !app.isPackaged', 'developer: true'),
    of('main', '(keeper?.current() ? links.take() : null)', 'links.take()'),
    of('outside', 'outsideLink(given);', 'given as string;'),
    of('schemes', ", ['--']"),
    of('schemes', "if (app.getApplicationNameForProtocol(`${scheme}:`) === '')"),
    of('start-options', 'ownArguments(given)', 'given'),
    of('confined', 'sandbox: true,'),
    of('confined', 'contextIsolation: true,'),
    of('confined', 'nodeIntegration: false,', 'nodeIntegration: true,'),
    of('confined', 'webviewTag: false,'),
    of('confined', 'navigateOnDragDrop: false,'),
    of('confined', 'spellcheck: false,'),
    of('confined', 'cancel: !isOf(source.origin, url)', 'cancel: false'),
    of(
      'confined',
      "void session.setProxy({ mode: 'fixed_servers', proxyRules: NO_PROXY, proxyBypassRules: '<-loopback>' });",
    ),
    of('confined', "session.on('will-download', (event) => event.preventDefault());"),
    of('confined', 'session.setSpellCheckerEnabled(false);'),
    of('confined', 'lockPermissions(session, source.askCamera);'),
    of('confined', "contents.on('will-navigate', lock);"),
    of('confined', "contents.on('will-frame-navigate', lock);"),
    of('confined', "contents.on('will-redirect', lock);"),
    of('confined', "contents.on('will-attach-webview', (event) => event.preventDefault());"),
    of('confined', "{ action: 'deny' }", "{ action: 'allow' }"),
    of('confined', 'contents.setWebRTCIPHandlingPolicy(WEBRTC_POLICY);'),
    of('confirm', 'window.setContentProtection(true);'),
    of('confirm', 'javascript: false,'),
    of('permission', 'granted.has(permission) && ', ''),
    of('permission', 'session.setDevicePermissionHandler(() => false);'),
    of('page-ports', 'sender !== window.webContents || '),
    of('page-ports', ' senderFrame?.parent ||'),
    of('page-ports', ' || senderFrame?.origin !== APP_ORIGIN'),
    of('window-calls', 'check: checkOf(windowSchemas),'),
    of(
      'window-calls',
      'if (!openable) return false;',
      'if (!openable) return (await shell.openExternal(url), true);',
    ),
    of('window-calls', 'if (!isAllowed) return false;'),
    of('recovery', 'if (now() - lastAt >= AGAIN_AFTER_MS) return again();', 'return again();'),
    of(
      'worker',
      "'lane-process.js', 'Plainseal lane', 'ignore'",
      "'lane-process.js', 'Plainseal lane', 'inherit'",
    ),
  ],
};
