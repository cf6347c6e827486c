// Electron's package is only a path without its binary. This stands in for it under the tests: it records what the shell sets,
// and lets a test be the system. It decides nothing: what Electron then does is shown by e2e/hardening.spec.ts on a real one.
import { EventEmitter } from 'node:events';
import type { MenuItemConstructorOptions, WebPreferences } from 'electron';

type Hear = (...args: readonly never[]) => unknown;

/** An object of which every setter's argument is kept by the setter's name. */
const recorder = (): {
  readonly set: Map<string, unknown>;
  readonly record: (name: string) => (value?: unknown) => void;
} => {
  const set = new Map<string, unknown>();
  return { set, record: (name) => (value) => void set.set(name, value) };
};

export class StandInSession extends EventEmitter {
  readonly #recorder = recorder();
  readonly set = this.#recorder.set;
  readonly partition: string;
  readonly protocol = {
    handle: (scheme: string, serve: unknown) => void this.set.set(`handle ${scheme}`, serve),
  };
  readonly webRequest = { onBeforeRequest: this.#recorder.record('onBeforeRequest') };
  readonly setSpellCheckerEnabled = this.#recorder.record('setSpellCheckerEnabled');
  readonly setPermissionCheckHandler = this.#recorder.record('setPermissionCheckHandler');
  readonly setPermissionRequestHandler = this.#recorder.record('setPermissionRequestHandler');
  readonly setDevicePermissionHandler = this.#recorder.record('setDevicePermissionHandler');
  constructor(partition: string) {
    super();
    this.partition = partition;
  }
  setProxy(config: unknown): Promise<void> {
    this.set.set('setProxy', config);
    return Promise.resolve();
  }
  clearStorageData(): Promise<void> {
    return Promise.resolve();
  }
  /** What a handler that was set answers. */
  handler(name: string): Hear {
    const handler = this.set.get(name);
    if (typeof handler !== 'function') throw new Error(`no ${name} was set`);
    return handler as Hear;
  }
}

export class StandInContents extends EventEmitter {
  readonly #recorder = recorder();
  readonly set = this.#recorder.set;
  readonly setWindowOpenHandler = this.#recorder.record('setWindowOpenHandler');
  readonly setWebRTCIPHandlingPolicy = this.#recorder.record('setWebRTCIPHandlingPolicy');
  /** What the main process sent the page: channel and ports. */
  readonly sent: { readonly channel: string; readonly ports: readonly unknown[] }[] = [];
  reloads = 0;
  reload(): void {
    this.reloads += 1;
  }
  postMessage(channel: string, _: unknown, ports: readonly unknown[]): void {
    this.sent.push({ channel, ports });
  }
}

export class StandInWindow extends EventEmitter {
  static readonly all: StandInWindow[] = [];
  readonly #recorder = recorder();
  readonly set = this.#recorder.set;
  readonly webContents = new StandInContents();
  readonly setContentProtection = this.#recorder.record('setContentProtection');
  readonly setTitle = this.#recorder.record('setTitle');
  readonly removeMenu = this.#recorder.record('removeMenu');
  readonly preferences: WebPreferences;
  loaded: string | null = null;
  focused = 0;
  constructor(options: { readonly webPreferences: WebPreferences }) {
    super();
    this.preferences = options.webPreferences;
    StandInWindow.all.push(this);
  }
  loadURL(url: string): Promise<void> {
    this.loaded = url;
    return Promise.resolve();
  }
  show(): void {
    this.emit('show');
  }
  restore(): void {
    this.emit('restore');
  }
  focus(): void {
    this.focused += 1;
  }
  isDestroyed(): boolean {
    return false;
  }
  destroy(): void {
    this.emit('closed');
  }
}

/** One end of a channel. What is sent before the other end starts waits, as in Electron. */
class StandInPort extends EventEmitter {
  other: StandInPort | null = null;
  #early: unknown[] | null = [];
  postMessage(data: unknown): void {
    this.other?.arrive(data);
  }
  arrive(data: unknown): void {
    if (this.#early) this.#early.push(data);
    else this.emit('message', { data });
  }
  start(): void {
    const early = this.#early ?? [];
    this.#early = null;
    for (const data of early) this.emit('message', { data });
  }
  close(): void {
    this.emit('close');
    this.other?.emit('close');
  }
}

export class StandInChannel {
  readonly port1 = new StandInPort();
  readonly port2 = new StandInPort();
  constructor() {
    this.port1.other = this.port2;
    this.port2.other = this.port1;
  }
}

/** A utility process of which the test is the program. */
export class StandInChild extends EventEmitter {
  readonly file: string;
  readonly options: { readonly env: Readonly<Record<string, string>>; readonly stdio: string };
  /** What the shell posted to it. */
  program: (message: unknown, ports: readonly unknown[]) => void = () => undefined;
  constructor(file: string, options: StandInChild['options']) {
    super();
    this.file = file;
    this.options = options;
  }
  postMessage(message: unknown, ports: readonly unknown[] = []): void {
    this.program(message, ports);
  }
  kill(): boolean {
    return this.emit('exit', 0);
  }
}

/** What the stand-in noted, and what a test decides of it. */
export type Machine = {
  /** Calls of `app`, in order: `name` or `name argument`. */
  readonly calls: string[];
  readonly children: StandInChild[];
  readonly sessions: Map<string, StandInSession>;
  readonly opened: string[];
  readonly questions: { readonly message: string; readonly buttons: readonly string[] }[];
  menu: readonly MenuItemConstructorOptions[];
  privileged: unknown;
  /** Which button the person presses next. */
  answer: number;
  firstInstance: boolean;
  forked: (child: StandInChild) => void;
};

const note =
  (machine: Machine, name: string) =>
  (...args: readonly unknown[]): void =>
    void machine.calls.push([name, ...args.map(String)].join(' '));

/** The module `electron`, as far as the shell uses it. */
export function standIn(machine: Machine) {
  const app = Object.assign(new EventEmitter(), {
    isPackaged: true,
    enableSandbox: note(machine, 'enableSandbox'),
    commandLine: { appendSwitch: note(machine, 'switch') },
    setPath: note(machine, 'setPath'),
    getPath: () => '/profile',
    getVersion: () => '0.0.0',
    quit: note(machine, 'quit'),
    exit: note(machine, 'exit'),
    setBadgeCount: note(machine, 'badge'),
    requestSingleInstanceLock: () => machine.firstInstance,
    whenReady: () => {
      machine.calls.push('whenReady');
      return Promise.resolve();
    },
  });
  return {
    app,
    BrowserWindow: StandInWindow,
    MessageChannelMain: StandInChannel,
    ipcMain: new EventEmitter(),
    session: {
      fromPartition: (partition: string) => {
        const session = machine.sessions.get(partition) ?? new StandInSession(partition);
        machine.sessions.set(partition, session);
        return session;
      },
    },
    protocol: { registerSchemesAsPrivileged: (schemes: unknown) => (machine.privileged = schemes) },
    utilityProcess: {
      fork: (file: string, _: readonly string[], options: StandInChild['options']) => {
        const child = new StandInChild(file, options);
        machine.children.push(child);
        machine.forked(child);
        return child;
      },
    },
    dialog: {
      showMessageBox: (
        _: unknown,
        question: { readonly message: string; readonly buttons: readonly string[] },
      ) => {
        machine.questions.push(question);
        return Promise.resolve({ response: machine.answer });
      },
      showErrorBox: note(machine, 'errorBox'),
    },
    shell: { openExternal: (href: string) => Promise.resolve(void machine.opened.push(href)) },
    clipboard: { writeText: () => Promise.resolve() },
    Menu: {
      buildFromTemplate: (items: readonly MenuItemConstructorOptions[]) => items,
      setApplicationMenu: (items: readonly MenuItemConstructorOptions[]) => (machine.menu = items),
    },
    Notification: { isSupported: () => false },
    safeStorage: {},
  };
}
