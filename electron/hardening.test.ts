// The checklist for an Electron shell, a test for each line of it. What the whole shell sets is read off a stand-in for Electron;
// that a real one then holds is e2e/hardening.spec.ts, and what is in the package (fuses, natives, supply chain) build/dist/.
import { readFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { join } from 'node:path';
import { encode } from '@msgpack/msgpack';
import fc from 'fast-check';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { ProfileCalls } from '../shared/shell/core.ts';
import type { ConfirmAnswer, HostCalls, HostEvents } from '../shared/shell/host.ts';
import { pagePolicy } from '../shared/shell/policy.ts';
import { pipeEnd } from '../shared/wire/end.ts';
import { electronPortPipe, type ElectronPort } from '../shared/wire/node/electron.ts';
import { APP_ORIGIN, PORTS_HERE, PORTS_WANTED } from '../shared/wire/page.ts';
import { link, type Link } from '../shared/wire/rpc.ts';
import type { WindowCalls, WindowEvents } from '../shared/shell/host.ts';
import { standIn, StandInWindow, type Machine, type StandInChild, type StandInSession } from './stand-in.ts';

type Nothing = Record<never, never>;
/** Core as the shell knows it, played by the test. */
type Core = Link<HostCalls, Nothing, HostEvents> & { readonly pages: readonly unknown[] };

const machine: Machine = {
  calls: [],
  children: [],
  sessions: new Map(),
  opened: [],
  questions: [],
  menu: [],
  privileged: null,
  answer: 0,
  firstInstance: true,
  forked: (child) => cores.push(playCore(child)),
};
const cores: Core[] = [];
/** Resolves once the person has unlocked the profile. */
let opening: Promise<void> = Promise.resolve();
const LINK = 'nostr:npub10elfcs4fr0l0r8af98jlmgdh9c8tcxjvz9qkw038js35mp4dma8qzvjptg';
const electron = standIn(machine);
vi.mock('electron', () => electron);

function playCore(child: StandInChild): Core {
  const end = pipeEnd({ send: (bytes) => child.emit('message', bytes), close: () => undefined });
  const pages: unknown[] = [];
  child.program = (message, ports) => {
    if (message instanceof Uint8Array) end.arrived(message);
    else pages.push(...ports);
  };
  const core = link<ProfileCalls, HostCalls, Nothing, HostEvents>({
    pipe: end.pipe,
    serve: { 'profile.open': () => opening.then(() => null), 'profile.close': () => null },
  });
  return Object.assign(core, { pages });
}

const pageWindow = (): StandInWindow => StandInWindow.all[0] ?? expect.fail('no window was opened');
const sessionOf = (window: StandInWindow): StandInSession =>
  window.preferences.session as unknown as StandInSession;
const core = (): Core => cores.at(-1) ?? expect.fail('core was not started');

/** Core asks; the window of the question, and what becomes of the answer. */
async function askedWindow(): Promise<{
  readonly window: StandInWindow;
  readonly answer: Promise<ConfirmAnswer>;
}> {
  const before = StandInWindow.all.length;
  const answer = core().call('confirm', { kind: 'reveal-key', facts: { name: 'Me' } });
  await vi.waitFor(() => expect(StandInWindow.all.length).toBe(before + 1));
  return { window: StandInWindow.all[before] ?? expect.fail('no window'), answer };
}

/** The page asks for its ports as the preload script does. */
function askPorts(event: object): readonly ElectronPort[] {
  const before = pageWindow().webContents.sent.length;
  electron.ipcMain.emit(PORTS_WANTED, event);
  const sent = pageWindow().webContents.sent[before];
  if (sent) expect(sent.channel).toBe(PORTS_HERE);
  return (sent?.ports ?? []) as readonly ElectronPort[];
}
const ownFrame = (): object => ({
  sender: pageWindow().webContents,
  senderFrame: { parent: null, origin: APP_ORIGIN },
});

beforeAll(async () => {
  await import('./main.ts');
  await vi.waitFor(() => expect(cores).toHaveLength(1));
});

describe('every window', () => {
  it('is in the sandbox, which is on before anything runs', () => {
    expect(machine.calls.indexOf('enableSandbox')).toBeGreaterThanOrEqual(0);
    expect(machine.calls.indexOf('enableSandbox')).toBeLessThan(machine.calls.indexOf('whenReady'));
  });

  it.each([
    ['page', () => Promise.resolve(pageWindow())],
    ['question', async () => (await askedWindow()).window],
  ] as const)('of the %s is confined', async (_, open) => {
    const window = await open();
    expect(window.preferences).toMatchObject({
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      experimentalFeatures: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      spellcheck: false,
    });
    // In memory, and no session of another.
    const { partition, set } = sessionOf(window);
    expect(partition).not.toMatch(/^(persist:|$)/u);
    expect(set.get('setSpellCheckerEnabled')).toBe(false);
  });

  it('of a question runs no script, shares no session, and is in no picture of the screen', async () => {
    const [one, two] = [await askedWindow(), await askedWindow()];
    expect(one.window.preferences.javascript).toBe(false);
    expect(one.window.preferences.preload).toBeUndefined();
    expect(new Set([one.window, two.window, pageWindow()].map(sessionOf)).size).toBe(3);
    expect(one.window.set.get('setContentProtection')).toBe(true);
    one.window.destroy();
    expect(await one.answer).toEqual({ ok: false, secret: null });
    two.window.destroy();
  });
});

describe('the page', () => {
  it('comes from a scheme of its own, with its policy as a header', async () => {
    expect(machine.privileged).toEqual([
      {
        scheme: 'app',
        privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true },
      },
    ]);
    expect(pageWindow().loaded).toBe(`${APP_ORIGIN}/`);
    const serve = sessionOf(pageWindow()).handler('handle app') as (request: object) => Promise<Response>;
    const answer = await serve({ url: `${APP_ORIGIN}/missing.html`, method: 'GET' });
    expect(answer.status).toBe(404);
    for (const rule of ["default-src 'none'", "script-src 'self'", "require-trusted-types-for 'script'"])
      expect(pagePolicy.split('; ')).toContain(rule);
    expect(pagePolicy).not.toMatch(/unsafe|\*|https?:|data:/u);
  });

  it.each([
    ['https://example.org/', true],
    ['http://127.0.0.1:1/', true],
    ['ws://127.0.0.1:1/', true],
    ['file:///etc/passwd', true],
    ['data:text/html,x', true],
    ['devtools://devtools/', true],
    ['app://ask/', true],
    ['app://plainseal.evil/', true],
    ['app://plainseal/a.js', false],
    ['blob:app://plainseal/1', false],
  ])('asks for %s: cancelled %s', (url, cancel) => {
    const before = sessionOf(pageWindow()).handler('onBeforeRequest') as (
      details: object,
      answer: (given: object) => void,
    ) => void;
    const given: object[] = [];
    before({ url }, (answer) => given.push(answer));
    expect(given).toEqual([{ cancel }]);
  });

  it('has no way around that: no name is looked up, no proxy is there, WebRTC has no UDP, nothing is downloaded', async () => {
    expect(machine.calls).toContain('switch host-resolver-rules MAP * ^NOTFOUND');
    const { window: question } = await askedWindow();
    for (const window of [pageWindow(), question]) {
      expect(sessionOf(window).set.get('setProxy')).toEqual({
        mode: 'fixed_servers',
        proxyRules: 'http://127.0.0.1:9',
        proxyBypassRules: '<-loopback>',
      });
      expect(window.webContents.set.get('setWebRTCIPHandlingPolicy')).toBe('disable_non_proxied_udp');
      const preventDefault = vi.fn();
      sessionOf(window).emit('will-download', { preventDefault });
      expect(preventDefault).toHaveBeenCalledOnce();
    }
    question.destroy();
  });

  it('stays where it is: no navigation, redirect, frame, window or webview', async () => {
    const { window: question } = await askedWindow();
    for (const [window, own] of [
      [pageWindow(), null],
      [question, 'app://ask/answer'],
    ] as const) {
      for (const event of ['will-navigate', 'will-frame-navigate', 'will-redirect', 'will-attach-webview'])
        for (const url of ['https://example.org/', 'app://plainseal/other', 'file:///x', 'app://ask.evil/']) {
          const preventDefault = vi.fn();
          window.webContents.emit(event, { url, preventDefault });
          expect(preventDefault, `${event} ${url}`).toHaveBeenCalledOnce();
        }
      const open = window.webContents.set.get('setWindowOpenHandler') as (details: object) => unknown;
      expect(open({ url: own ?? `${APP_ORIGIN}/` })).toEqual({ action: 'deny' });
      if (own === null) continue;
      const preventDefault = vi.fn();
      window.webContents.emit('will-navigate', { url: own, preventDefault });
      expect(preventDefault).not.toHaveBeenCalled();
    }
    question.destroy();
  });

  it('has two permissions and no device, whether it checks or asks', () => {
    const session = sessionOf(pageWindow());
    const check = session.handler('setPermissionCheckHandler') as (...of: readonly unknown[]) => boolean;
    const request = session.handler('setPermissionRequestHandler') as (...of: readonly unknown[]) => void;
    const asked = (permission: string): boolean => {
      let had = false;
      request({ getURL: () => `${APP_ORIGIN}/` }, permission, (granted: boolean) => (had = granted), {});
      return had;
    };
    const both = (permission: string): readonly boolean[] => [
      check(null, permission, APP_ORIGIN),
      asked(permission),
    ];
    expect(both('notifications')).toEqual([true, true]);
    for (const permission of ['media', 'geolocation', 'display-capture', 'usb', 'fileSystem', 'openExternal'])
      expect(both(permission), permission).toEqual([false, false]);
    expect((session.handler('setDevicePermissionHandler') as () => boolean)()).toBe(false);
  });

  it('opens a link only after the person saw its host and said so', async () => {
    const [, port] = askPorts(ownFrame());
    const shell = link<Nothing, WindowCalls, Nothing, Nothing>({
      pipe: electronPortPipe(port ?? expect.fail('no port')),
      serve: {},
    });
    machine.answer = 0;
    expect(await shell.call('link.open', { url: 'https://example.org/a' })).toBe(false);
    expect(machine.questions.at(-1)?.message).toContain('example.org');
    for (const url of [
      'javascript:alert(1)',
      'file:///etc/passwd',
      'app://ask/',
      'https://a@b.example/',
      'ms-x:y',
    ])
      expect(await shell.call('link.open', { url })).toBe(false);
    expect(machine.opened).toEqual([]);
    machine.answer = 1;
    expect(await shell.call('link.open', { url: 'https://example.org/a' })).toBe(true);
    expect(machine.opened.splice(0)).toEqual(['https://example.org/a']);
    machine.answer = 0;
  });
});

describe('what the page may say to the shell', () => {
  it('is heard from the main frame of our own page in our own window alone', () => {
    const sender = pageWindow().webContents;
    for (const event of [
      { sender, senderFrame: { parent: {}, origin: APP_ORIGIN } },
      { sender, senderFrame: { parent: null, origin: 'https://example.org' } },
      { sender, senderFrame: { parent: null, origin: 'app://plainseal.evil' } },
      { sender, senderFrame: null },
      { sender: {}, senderFrame: { parent: null, origin: APP_ORIGIN } },
    ])
      expect(askPorts(event)).toEqual([]);
    expect(askPorts(ownFrame())).toHaveLength(2);
  });

  it('has one shape, and no other is taken', async () => {
    const [, port] = askPorts(ownFrame());
    const shell = link<Nothing, WindowCalls, Nothing, Nothing>({
      pipe: electronPortPipe(port ?? expect.fail('no port')),
      serve: {},
    });
    const title = pageWindow().set.get('setTitle');
    for (const [name, args] of [
      ['title.set', { unread: -1 }],
      ['title.set', { unread: 1, more: true }],
      ['title.set', { unread: '1' }],
      ['link.open', { url: 'https://example.org/', host: 'other.example' }],
      ['link.open', { url: 'x'.repeat(4_001) }],
      ['clipboard.write', { text: 'x'.repeat(1_000_001) }],
      ['clipboard.write', {}],
    ] as const)
      await expect(shell.call(name, args as never), name).rejects.toMatchObject({ kind: 'bad-request' });
    expect(pageWindow().set.get('setTitle')).toBe(title);
  });

  it('is one message to the whole of Electron, and that one takes nothing', () => {
    expect(electron.ipcMain.eventNames()).toEqual([PORTS_WANTED]);
    const preload = readFileSync(join(import.meta.dirname, 'preload.ts'), 'utf8');
    expect(preload).not.toMatch(/contextBridge|exposeInMainWorld/u);
    expect([...preload.matchAll(/ipcRenderer\.(\w+)\((\w+)/gu)].map(([, act, on]) => `${act} ${on}`)).toEqual(
      ['send PORTS_WANTED', 'on PORTS_HERE'],
    );
  });

  const HANDFUL = 20;
  /** `npm run fuzz` makes it a million. */
  const calls = Number(process.env.FUZZ_CALLS ?? 20_000);
  it(
    'may be anything at all: nothing ends, nothing is opened or asked, and a proper call is answered',
    { timeout: 600_000 },
    async () => {
      const [, port] = askPorts(ownFrame());
      if (!port) return expect.fail('no port');
      const pipe = electronPortPipe(port);
      let answers = 0;
      const shell = link<Nothing, WindowCalls, Nothing, Nothing>({ pipe, serve: {} });
      pipe.listen(() => (answers += 1));
      const before = {
        calls: [...machine.calls],
        children: machine.children.length,
        asked: machine.questions.length,
      };
      const names = [
        'key.unwrap',
        'key.wrap',
        'confirm',
        'file.pick',
        'file.save',
        'grant.open',
        'lane.start',
        'badge',
        'profile.open',
        'profile.close',
        'message.send',
        'link.open',
        'clipboard.write',
        'title.set',
        '__proto__',
        'constructor',
        'toString',
        '',
      ];
      const frame = fc.oneof(
        fc.uint8Array({ maxLength: 64 }),
        fc
          .tuple(
            fc.oneof(
              { weight: 6, arbitrary: fc.constant(0) },
              fc.integer({ min: -1, max: 6 }),
              fc.anything(),
            ),
            fc.oneof({ weight: 6, arbitrary: fc.nat() }, fc.double(), fc.anything({ maxDepth: 1 })),
            fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...names) }, fc.string()),
            fc.oneof(
              fc.anything({ maxDepth: 2, maxKeys: 4 }),
              fc.record({
                url: fc.oneof(fc.constantFrom('file:///x', 'javascript:x', 'https://u@h/'), fc.string()),
              }),
              fc.record({ unread: fc.oneof(fc.double(), fc.constant(-1)), more: fc.string() }),
            ),
          )
          .map((parts) => {
            try {
              return encode(parts, { ignoreUndefined: true });
            } catch {
              return new Uint8Array([0xc1]);
            }
          }),
      );
      const seed = Date.now() % 1_000_000;
      // In handfuls, and each answered before the next: a call under the number of one that runs is not looked at.
      for (let sent = 0; sent < calls; sent += HANDFUL) {
        for (const bytes of fc.sample(frame, { numRuns: HANDFUL, seed: seed + sent })) pipe.send(bytes);
        await new Promise(setImmediate);
      }
      await shell.call('title.set', { unread: 7 });
      expect(pageWindow().set.get('setTitle')).toBe('(7) Plainseal');
      expect(answers, `seed ${seed}`).toBeGreaterThan(calls / 4);
      expect(machine.opened).toEqual([]);
      expect({
        calls: machine.calls,
        children: machine.children.length,
        asked: machine.questions.length,
      }).toEqual(before);
    },
  );
});

describe('what else could carry something out', () => {
  it('is no crash reporter, no remote debugging, and no developer tools in a packaged program', async () => {
    for await (const file of glob('**/*.ts', { cwd: import.meta.dirname })) {
      if (file.endsWith('.test.ts') || file === 'stand-in.ts') continue;
      const source = readFileSync(join(import.meta.dirname, file), 'utf8');
      expect(source, file).not.toMatch(
        /crashReporter|remote-debugging|openDevTools|executeJavaScript|loadFile/u,
      );
    }
    expect(JSON.stringify(machine.menu)).not.toContain('toggleDevTools');
  });

  it('is not what a child prints or inherits: a lane’s output goes nowhere, the environment is a short list', () => {
    const [child] = machine.children;
    expect(child?.file).toMatch(/core\.js$/u);
    for (const name of Object.keys(child?.options.env ?? {}))
      expect(name).not.toMatch(/^(NODE|ELECTRON|npm)_/u);
    core()
      .call('lane.start', { account: 'a' as never, network: 'signal' })
      .catch(() => undefined);
    expect(machine.children.at(-1)?.options.stdio).toBe('ignore');
  });
});

describe('a start from outside', () => {
  it('is one: a second says nothing to the first but that it was made, and with which link', async () => {
    const { focused, loaded } = pageWindow();
    const before = [...machine.calls];
    const [, port] = askPorts(ownFrame());
    if (!port) return expect.fail('no port');
    const waiting = vi.fn();
    const page = link<Nothing, WindowCalls, Nothing, WindowEvents>({
      pipe: electronPortPipe(port),
      serve: {},
    });
    page.listen('link.waiting', waiting);
    for (const [argv, given] of [
      [['plainseal', '--profile=/evil', '--test', '--remote-debugging-port=1'], null],
      // Its command line as Chromium tells it is not read at all.
      [['plainseal', LINK], { link: null }],
      [[], { any: 'thing' }],
      [[], { link: 'sgnl://linkdevice?uuid=x&pub_key=y' }],
      [[], { link: 'javascript:alert(1)' }],
      [[], { link: `${LINK} --test` }],
      [[], { link: 'x'.repeat(1_000_000) }],
    ] as const)
      electron.app.emit('second-instance', {}, argv, '/', given);
    expect(await page.call('link.given', {})).toBeNull();
    expect(waiting).not.toHaveBeenCalled();
    electron.app.emit('second-instance', {}, [], '/', { link: `${LINK}?old` });
    electron.app.emit('second-instance', {}, [], '/', { link: LINK });
    await vi.waitFor(() => expect(waiting).toHaveBeenCalledTimes(2));
    // The newest, once.
    expect([await page.call('link.given', {}), await page.call('link.given', {})]).toEqual([LINK, null]);
    expect(pageWindow().focused).toBe(focused + 9);
    expect(pageWindow().loaded).toBe(loaded);
    expect(machine.calls).toEqual(before);
    expect(machine.opened).toEqual([]);
  });

  it('takes a link that the system opens, and lets the system do nothing more with it', async () => {
    const preventDefault = vi.fn();
    electron.app.emit('open-url', { preventDefault }, LINK);
    electron.app.emit('open-url', { preventDefault }, 'sgnl://linkdevice?uuid=x&pub_key=y');
    expect(preventDefault).toHaveBeenCalledTimes(2);
    const [, port] = askPorts(ownFrame());
    if (!port) return expect.fail('no port');
    const page = link<Nothing, WindowCalls, Nothing, WindowEvents>({
      pipe: electronPortPipe(port),
      serve: {},
    });
    expect(await page.call('link.given', {})).toBe(LINK);
  });

  it('beside a running one ends at once, before it touches anything', async () => {
    const before = { windows: StandInWindow.all.length, children: machine.children.length };
    const said = machine.calls.length;
    machine.firstInstance = false;
    vi.resetModules();
    const heard = electron.app.rawListeners('second-instance');
    await import('./main.ts');
    await new Promise(setImmediate);
    expect(machine.calls.slice(said)).toContain('quit');
    expect(machine.calls.slice(said)).not.toContain('whenReady');
    expect({ windows: StandInWindow.all.length, children: machine.children.length }).toEqual(before);
    for (const more of electron.app.rawListeners('second-instance').slice(heard.length))
      electron.app.off('second-instance', more as () => void);
    machine.firstInstance = true;
  });

  it('with a file is heard by nobody', () => {
    expect(electron.app.listenerCount('open-file')).toBe(0);
  });

  it('hears of a link at its start, and keeps it while the profile is locked', async () => {
    const argv = process.argv;
    process.argv = ['plainseal', '--', LINK];
    const before = { windows: StandInWindow.all.length, cores: cores.length };
    const heard = electron.ipcMain.rawListeners(PORTS_WANTED);
    let unlock = (): void => undefined;
    opening = new Promise((resolve) => (unlock = resolve));
    vi.resetModules();
    await import('./main.ts');
    await vi.waitFor(() => expect(cores).toHaveLength(before.cores + 1));
    process.argv = argv;
    const window = StandInWindow.all[before.windows] ?? expect.fail('no window');
    electron.ipcMain.emit(PORTS_WANTED, {
      sender: window.webContents,
      senderFrame: { parent: null, origin: APP_ORIGIN },
    });
    const [, port] = (window.webContents.sent[0]?.ports ?? []) as readonly ElectronPort[];
    if (!port) return expect.fail('no port');
    const page = link<Nothing, WindowCalls, Nothing, WindowEvents>({
      pipe: electronPortPipe(port),
      serve: {},
    });
    expect(await page.call('link.given', {})).toBeNull();
    unlock();
    await vi.waitFor(async () => expect(await page.call('link.given', {})).toBe(LINK));
    for (const more of electron.ipcMain.rawListeners(PORTS_WANTED).slice(heard.length))
      electron.ipcMain.off(PORTS_WANTED, more as () => void);
  });
});

describe('what died comes back', () => {
  const gone = (reason: string): boolean =>
    pageWindow().webContents.emit('render-process-gone', {}, { reason });
  it('a page once by itself, then when the person says so', async () => {
    const { webContents } = pageWindow();
    gone('clean-exit');
    expect(webContents.reloads).toBe(0);
    gone('crashed');
    expect(webContents.reloads).toBe(1);
    machine.answer = 1;
    gone('oom');
    await vi.waitFor(() => expect(webContents.reloads).toBe(2));
    expect(machine.questions.at(-1)?.message).toBe('The window stopped twice within a minute.');
    machine.answer = 0;
    gone('crashed');
    await vi.waitFor(() => expect(machine.calls).toContain('quit'));
    expect(webContents.reloads).toBe(2);
  });

  it('a page that does not answer, when the person says so', async () => {
    const { reloads } = pageWindow().webContents;
    machine.answer = 0;
    pageWindow().emit('unresponsive');
    await vi.waitFor(() => expect(machine.questions.at(-1)?.message).toBe('The window does not answer.'));
    expect(pageWindow().webContents.reloads).toBe(reloads);
    // The first question is over before the next can be asked.
    await new Promise(setImmediate);
    machine.answer = 1;
    pageWindow().emit('unresponsive');
    await vi.waitFor(() => expect(pageWindow().webContents.reloads).toBe(reloads + 1));
    machine.answer = 0;
  });

  it('core, and the page gets a new line to it', async () => {
    const before = machine.children.length;
    machine.children[0]?.emit('exit', 1);
    await vi.waitFor(() => expect(machine.children.length).toBeGreaterThan(before));
    await vi.waitFor(() => {
      expect(askPorts(ownFrame())).toHaveLength(2);
      expect(core().pages.length).toBeGreaterThan(0);
    });
  });
});
