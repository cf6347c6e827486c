import type { ConversationId } from '../../shared/ids.ts';
import { startSignalServer } from '../peers/signal/child.ts';
import { makePlace } from './place.ts';
import { openShell } from './shell.ts';
import { chatWith, linkPhone } from './signal-link.ts';
import { startSignalPeer, type SignalPeer } from './signal-peer.ts';
import type { World } from './world.ts';

/** A profile that is linked to a phone on Signal's mock server, and somebody its phone knows. */
export interface SignalWorld extends Pick<World, 'profile' | 'account' | 'open' | 'close'> {
  readonly peer: SignalPeer;
  readonly conversation: ConversationId;
}

/** Makes a profile with a linked account, and closes it in order. */
export async function createSignalWorld(): Promise<SignalWorld> {
  const { profile, remove } = await makePlace();
  try {
    const world = await addSignal(profile, '');
    return {
      ...world,
      close: async () => {
        await world.close();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

/**
 * Links a closed profile to a phone and lets somebody of its contacts write; the profile stays the caller's, who removes it after
 * `close`. `authority`: PEM the servers of its other accounts are trusted by.
 */
export async function addSignal(profile: string, authority: string): Promise<SignalWorld> {
  const server = await startSignalServer();
  const signal = JSON.stringify(server.environment);
  const open: World['open'] = (points) => openShell({ profile, authority, signal, points });
  try {
    const friend = await server.account('Friend');
    const phone = await server.account('Me', { contacts: [friend] });
    const shell = await open([]);
    try {
      const { page } = shell;
      const { linked } = await linkPhone(page, server, phone);
      await page.online();
      const { rows } = await page.call('account.list', {});
      const account = rows.find(({ network }) => network === 'signal')?.id;
      if (account === undefined) throw new Error('no account of Signal');
      const peer = await startSignalPeer(server, friend, linked);
      await peer.say('hello');
      const conversation = await chatWith(page, friend);
      return { profile, account, peer, conversation, open, close: () => server.stop() };
    } finally {
      await shell.close();
    }
  } catch (error) {
    await server.stop();
    throw error;
  }
}
