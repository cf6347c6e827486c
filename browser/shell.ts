import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { kindOf, PlainsealError } from '../shared/errors.ts';
import type { CrashPoint } from '../shared/lane/lane.ts';
import type { Notice } from '../shared/shell/host.ts';
import { keepCore } from '../shared/shell/keeper.ts';
import { startConfirmations, type Confirmations } from './confirm.ts';
import { startCoreProcess, type ForkedCore, type OwnHostCalls } from './core-process.ts';
import { createDownloads, type Downloads } from './downloads.ts';
import { attachPageLink, type PageLink } from './page-link.ts';
import { startPageServer } from './page-server.ts';
import type { Handlers } from '../shared/wire/rpc.ts';

export type ShellOptions = {
  /** The profile's folder; made when there is none. Only a test profile is opened. */
  readonly profile: string;
  /** Folder of the built page. */
  readonly page: string;
  readonly version: string;
  /** Milliseconds added to the machine's clock. */
  readonly clockOffset: number;
  /** PEM of the authority of the test servers, or null. */
  readonly authority: string | null;
  /** Where the Signal server of the tests is, JSON, or null. */
  readonly signal: string | null;
  readonly crashPoints: readonly CrashPoint[];
  /** Core or a lane stands at one of `crashPoints`. */
  readonly crashPoint: (name: CrashPoint) => Promise<void> | void;
  /** Shows the way in to a question, in a window of its own. May come before the shell is up: a locked profile asks first. */
  readonly showQuestion: (url: string) => void;
  /** Core had died, and the person did not unlock the profile for the next one. */
  readonly leftLocked?: () => void;
  readonly openLink: (href: string) => boolean;
  readonly notify: (notice: Notice) => void;
};

/** The browser shell, running. */
export interface Shell {
  /** A fresh way in for a browser: `file:` address of a one-time page. */
  enter(): Promise<string>;
  /** The private folder of what lives only as long as the shell. */
  readonly run: string;
  /** Ends core and lanes at once, as a crash would; core is started again. */
  killCore(): void;
  close(): Promise<void>;
}

/**
 * Starts core on a test profile and serves the page on loopback.
 * @throws PlainsealError what core said when it could not open the profile.
 */
export async function startShell(options: ShellOptions): Promise<Shell> {
  const run = runFolder(options.profile);
  const downloads = createDownloads(run);
  let starting: Promise<Confirmations> | null = null;
  let page: PageLink | null = null;
  let hangUp = (): void => undefined;

  /**
   * The shell's own window, from the first question on. Never before core holds the profile: another shell may have it open,
   * and a folder that holds anything is no place for a new one. What an earlier shell left there has no use.
   */
  async function startAsking(): Promise<Confirmations> {
    await rm(run, { recursive: true, force: true });
    await mkdir(run, { mode: 0o700 });
    return startConfirmations({ run, show: options.showQuestion });
  }
  const confirmations = (): Promise<Confirmations> => (starting ??= startAsking());

  const serve = hostCalls(options, downloads, { confirmations, page: () => page });
  const keeper = await keepCore({
    open: () => openCore(options, serve),
    failed: (error) => {
      console.error(`shell: core cannot open the profile again: ${kindOf(error)}`);
      if (kindOf(error) === 'cancelled') options.leftLocked?.();
    },
    lost: () => {
      hangUp();
      void starting?.then((window) => window.end());
    },
  }).catch(async (error: unknown) => {
    if (starting) {
      await (await starting).close();
      await rm(run, { recursive: true, force: true });
    }
    throw error;
  });
  const asking = await confirmations();
  // The window in which a locked profile was opened has nothing more to show.
  asking.end();
  const server = await startPageServer({
    page: options.page,
    run,
    downloads,
    attach: (socket) => {
      page = attachPageLink(socket, {
        toCore: (pipe) => {
          const core = keeper.current();
          if (core) core.attachPage(pipe);
          else pipe.close();
        },
        openLink: options.openLink,
      });
    },
  });
  hangUp = server.hangUp;

  return {
    run,
    enter: server.enter,
    killCore: () => keeper.current()?.kill(),
    async close() {
      await asking.close();
      await server.close();
      await keeper.close();
      await downloads.close();
      await rm(run, { recursive: true, force: true });
    },
  };
}

/** The private folder of what lives only as long as the shell of a profile. */
export function runFolder(profile: string): string {
  return join(profile, 'run');
}

/** What tells a test profile from its copies lies beside it, so that it goes when a test clears up. */
export function marksFolder(profile: string): string {
  return `${profile}.marks`;
}

async function openCore(options: ShellOptions, serve: Handlers<OwnHostCalls>): Promise<ForkedCore> {
  const core = startCoreProcess(serve);
  try {
    await core.link.call('profile.open', {
      folder: options.profile,
      marks: marksFolder(options.profile),
      kind: 'test',
      version: options.version,
      harness: {
        crashPoints: options.crashPoints,
        clockOffset: options.clockOffset,
        authority: options.authority,
        signal: options.signal,
      },
    });
    return core;
  } catch (error) {
    core.kill();
    throw error;
  }
}

/** What core may ask of this shell. It has no keyring, and no file dialog: a page in a browser has its own. */
function hostCalls(
  options: ShellOptions,
  downloads: Downloads,
  now: { readonly confirmations: () => Promise<Confirmations>; readonly page: () => PageLink | null },
): Handlers<OwnHostCalls> {
  const noKeyring = () => ({ kind: 'none', why: 'no-keyring' }) as const;
  return {
    'key.unwrap': noKeyring,
    'key.wrap': noKeyring,
    confirm: async (question, signal) => (await now.confirmations()).ask(question, signal),
    'confirm.end': async () => {
      (await now.confirmations()).end();
      return null;
    },
    notify: (notice) => (options.notify(notice), null),
    badge: () => null,
    'file.pick': () => {
      throw new PlainsealError('refused', 'the browser has a file dialog of its own');
    },
    'file.save': ({ name }) => downloads.begin(name),
    'grant.open': ({ grant }) => ({ path: downloads.path(grant), mode: 'write' }),
    'grant.close': ({ grant }) => {
      const path = downloads.finish(grant);
      if (path !== null) now.page()?.download(path);
      return null;
    },
    'crash.point': async ({ name }) => {
      await options.crashPoint(name);
      return null;
    },
  };
}
