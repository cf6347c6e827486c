// npm run mutants: takes the lines that confine the Electron shell out, one at a time and in memory only, and expects its tests to
// fail each time. A line whose loss no test tells is a fault.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startVitest } from 'vitest/node';
import { root } from './step.ts';
import { failure, summary, total, type Outcome } from './report.ts';

/** `code` stands once in `file` and becomes `instead`. */
type Mutant = { readonly file: string; readonly code: string; readonly instead: string };

const without = (file: string, code: string, instead = ''): Mutant => ({
  file: `electron/${file}.ts`,
  code,
  instead,
});
const mutants: readonly Mutant[] = [
  without('main', 'app.enableSandbox();'),
  without('main', "app.commandLine.appendSwitch('host-resolver-rules', 'MAP * ^NOTFOUND');"),
  without('main', 'if (app.requestSingleInstanceLock({ link }))', 'if (true)'),
  without('main', 'developer: !app.isPackaged', 'developer: true'),
  without('main', '(keeper?.current() ? links.take() : null)', 'links.take()'),
  without('outside', 'outsideLink(given);', 'given as string;'),
  without('schemes', ", ['--']"),
  without('schemes', "if (app.getApplicationNameForProtocol(`${scheme}:`) === '')"),
  without('start-options', 'ownArguments(given)', 'given'),
  without('confined', 'sandbox: true,'),
  without('confined', 'contextIsolation: true,'),
  without('confined', 'nodeIntegration: false,', 'nodeIntegration: true,'),
  without('confined', 'webviewTag: false,'),
  without('confined', 'navigateOnDragDrop: false,'),
  without('confined', 'spellcheck: false,'),
  without('confined', 'cancel: !isOf(source.origin, url)', 'cancel: false'),
  without(
    'confined',
    "void session.setProxy({ mode: 'fixed_servers', proxyRules: NO_PROXY, proxyBypassRules: '<-loopback>' });",
  ),
  without('confined', "session.on('will-download', (event) => event.preventDefault());"),
  without('confined', 'session.setSpellCheckerEnabled(false);'),
  without('confined', 'lockPermissions(session, source.askCamera);'),
  without('confined', "contents.on('will-navigate', lock);"),
  without('confined', "contents.on('will-frame-navigate', lock);"),
  without('confined', "contents.on('will-redirect', lock);"),
  without('confined', "contents.on('will-attach-webview', (event) => event.preventDefault());"),
  without('confined', "{ action: 'deny' }", "{ action: 'allow' }"),
  without('confined', 'contents.setWebRTCIPHandlingPolicy(WEBRTC_POLICY);'),
  without('confirm', 'window.setContentProtection(true);'),
  without('confirm', 'javascript: false,'),
  without('permission', 'granted.has(permission) && ', ''),
  without('permission', 'session.setDevicePermissionHandler(() => false);'),
  without('page-ports', 'sender !== window.webContents || '),
  without('page-ports', ' senderFrame?.parent ||'),
  without('page-ports', ' || senderFrame?.origin !== APP_ORIGIN'),
  without('window-calls', 'check: checkOf(windowSchemas),'),
  without(
    'window-calls',
    'if (!openable) return false;',
    'if (!openable) return (await shell.openExternal(url), true);',
  ),
  without('window-calls', 'if (!isAllowed) return false;'),
  without('recovery', 'if (now() - lastAt >= AGAIN_AFTER_MS) return again();', 'return again();'),
  without(
    'worker',
    "'lane-process.js', 'Plainseal lane', 'ignore'",
    "'lane-process.js', 'Plainseal lane', 'inherit'",
  ),
];

/** Runs the shell's tests with one mutant in place of its file's code; the first that failed, null when none did. */
async function noticedBy({ file, code, instead }: Mutant): Promise<string | null> {
  const path = join(root, file);
  if (readFileSync(path, 'utf8').split(code).length !== 2)
    throw new Error(`stands not once in ${file}: ${code}`);
  const vitest = await startVitest(
    'test',
    ['electron/hardening.test.ts', 'electron/shell.test.ts'],
    { watch: false, reporters: [{}], bail: 1, root, fsModuleCache: false },
    {
      plugins: [
        {
          name: 'mutant',
          enforce: 'pre',
          transform: (source, id) => (id === path ? source.replace(code, () => instead) : null),
        },
      ],
    },
  );
  const failed = vitest.state
    .getTestModules()
    .flatMap((module) => [...module.children.allTests('failed')])
    .map((test) => test.fullName)[0];
  const broken = vitest.state.getUnhandledErrors().map(String)[0];
  await vitest.close();
  return failed ?? broken ?? null;
}

const outcomes: Outcome[] = [];
// The control: with nothing taken out they pass, or every mutant would seem noticed.
for (const mutant of mutants.slice(0, 1)) {
  const fault = await noticedBy({ ...mutant, instead: mutant.code });
  if (fault !== null) outcomes.push(failure('the code as it is', fault));
}
for (const mutant of outcomes.length > 0 ? [] : mutants) {
  const name = `${mutant.file} without ${mutant.code}`;
  const test = await noticedBy(mutant);
  console.log(`${test === null ? '✗' : '✓'} ${name}\n    ${test ?? 'no test noticed'}`);
  outcomes.push(test === null ? failure(name, 'no test noticed') : { passed: 1, failed: [], skipped: [] });
}
const sum = total(outcomes);
for (const { name, why } of sum.failed) console.log(`failed: ${name}: ${why}`);
console.log(summary(sum));
process.exitCode = sum.failed.length > 0 ? 1 : 0;
