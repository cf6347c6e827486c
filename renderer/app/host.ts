import { kindOf, PlainsealError } from '../../shared/errors.ts';
import { create } from 'zustand';
import type { WindowCalls, WindowEvents } from '../../shared/shell/host.ts';
import { connectPage } from '../../shared/wire/page.ts';
import type { Pipe } from '../../shared/wire/pipe.ts';
import { link, type Link } from '../../shared/wire/rpc.ts';

type ShellLink = Link<WindowCalls, Record<never, never>, WindowEvents>;

let shell: ShellLink | null = null;

/** Whether a link from outside may wait at the shell: one may from the start. */
export const useOutside = create<{ readonly waits: boolean }>(() => ({ waits: true }));

/**
 * Connects the page to its shell and gives the pipe to core. The shell's own line is kept for links, clipboard and title.
 * @throws PlainsealError `refused` once another tab took this page's place, `gone` when nobody answers.
 */
export async function openHost(): Promise<Pipe> {
  try {
    const pipes = await connectPage();
    takeShell(pipes.shell);
    return pipes.core;
  } catch (error) {
    if (kindOf(error) === 'conflict') throw new PlainsealError('refused', 'open elsewhere', { cause: error });
    throw error;
  }
}

/** Takes the pipe to the shell. */
export function takeShell(pipe: Pipe): void {
  const made: ShellLink = link({ pipe, serve: {} });
  made.listen('link.waiting', () => useOutside.setState({ waits: true }));
  made.ended(() => {
    if (shell === made) shell = null;
  });
  shell = made;
  useOutside.setState({ waits: true });
}

/** Asks the shell; a page whose shell is gone has nobody to tell, and gets its pipes anew with core's. */
function ask(asking: Promise<unknown> | undefined): void {
  asking?.catch(() => undefined);
}

/** Asks the shell to open a link of a message; the shell shows where it leads and asks. */
export function openLink(url: string): void {
  ask(shell?.call('link.open', { url }));
}

/** The link from outside that waits at the shell, if one does. */
export async function takeOutsideLink(): Promise<string | null> {
  useOutside.setState({ waits: false });
  return (await shell?.call('link.given', {}).catch(() => null)) ?? null;
}

/** Puts text on the clipboard. */
export function copyText(text: string): void {
  const asked = shell?.call('clipboard.write', { text });
  // The browser shell has none of its own: there the browser's is used, which wants the person's gesture.
  ask(asked?.catch(() => navigator.clipboard.writeText(text)));
}

/** Tells the shell how many messages are unread, for the window's title. */
export function showUnread(unread: number): void {
  ask(shell?.call('title.set', { unread }));
}
