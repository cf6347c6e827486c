import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { NO_PROXY, WEBRTC_POLICY } from '../shared/shell/policy.ts';

/** Opens addresses in windows of a Chromium of its own. */
export interface Windows {
  /** A window without an address bar; `main` is the one whose end is told. */
  open(url: string, which: 'main' | 'question'): void;
  /** An ordinary window of the person's own browser profile. */
  openLink(href: string): void;
  close(): void;
}

/**
 * What keeps a page from the network where its policy does not reach: WebRTC knows no content security policy. No UDP, and a
 * proxy nobody is for all but this machine, where the page itself comes from.
 */
export const offlineSwitches: readonly string[] = [
  `--webrtc-ip-handling-policy=${WEBRTC_POLICY}`,
  `--proxy-server=${NO_PROXY}`,
  '--proxy-bypass-list=<-loopback>;127.0.0.1',
];

/** Why no window is opened, as a sentence; null when one can be. */
export function windowTrouble(
  chromium: string | null,
  env: Readonly<Record<string, string | undefined>> = process.env,
): string | null {
  if (chromium === null) return 'No Chrome, Chromium or Edge was found.';
  if (process.platform !== 'linux') return null;
  if (process.getuid?.() === 0) return 'A browser does not start as root.';
  return env.DISPLAY || env.WAYLAND_DISPLAY ? null : 'There is no display.';
}

/**
 * Windows of a Chromium with a profile of its own below `run`: no extension of the person's reads along, nothing is kept.
 * `ended` is told when the browser of the main window has ended.
 */
export function createWindows(chromium: string, run: string, ended: () => void): Windows {
  const args = [
    `--user-data-dir=${join(run, 'browser')}`,
    ...offlineSwitches,
    '--no-first-run',
    '--no-default-browser-check',
    '--disable-sync',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-features=Translate,AutofillServerCommunication',
  ];
  let main: ChildProcess | null = null;
  let early: ChildProcess | null = null;
  const start = (more: readonly string[]): ChildProcess => {
    const child = spawn(chromium, [...more], { stdio: 'ignore' });
    child.on('error', () => undefined);
    return child;
  };
  return {
    open(url, which) {
      if (which === 'question' && !main) {
        // Asked before there is a main window: in a browser of its own, or the main window's would hand over to it and end.
        early?.kill();
        early = start([`--user-data-dir=${join(run, 'early')}`, ...args.slice(1), `--app=${url}`]);
        return;
      }
      const child = start([...args, `--app=${url}`]);
      if (which === 'question' || main) return;
      early?.kill();
      main = child;
      child.once('exit', ended);
    },
    openLink: (href) => start([href]).unref(),
    close: () => {
      early?.kill();
      main?.kill();
    },
  };
}
