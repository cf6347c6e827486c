import { startRelay, type Relay } from '../../../e2e/peers/nostr/relay.ts';
import { lookFor, type Found } from '../group/invitees.ts';
import type { RelayUrl } from '../relay-url.ts';
import { openMember, type Member } from './company.ts';

/** Members who find each other at one relay, all by one clock. */
export interface Meeting {
  readonly relay: Relay;
  /** How far that clock has gone on; it starts with the real time. */
  aheadMs: number;
  /** One more of them. `relays`: others than the one they meet at. */
  member(relays?: readonly RelayUrl[]): Promise<Member>;
  end(): Promise<void>;
}

/** Nobody is there yet. The relay takes what is dated as late as the clock may go. */
export async function startMeeting(): Promise<Meeting> {
  const relay = await startRelay({ limits: { maxFutureSeconds: 400 * 24 * 3_600 } });
  const open: Member[] = [];
  const meeting: Meeting = {
    relay,
    aheadMs: 0,
    async member(relays = [relay.url as RelayUrl]) {
      const one = await openMember(() => meeting.aheadMs, relays);
      open.push(one);
      return one;
    },
    async end() {
      for (const { running } of open) running.pool.close();
      await relay.stop();
    },
  };
  return meeting;
}

/** What somebody finds at relays to invite somebody else with. */
export async function offerFound(by: Member, of: Member): Promise<Found> {
  const looked = await lookFor(by.running, of.key);
  if (looked.kind !== 'found') throw new Error(looked.kind);
  return looked.found;
}
