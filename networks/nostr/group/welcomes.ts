import { PlainsealError } from '../../../shared/errors.ts';
import type { GroupKey } from '../../../crypto/mls/cells.ts';
import { seconds } from '../event.ts';
import { startFanout } from '../fanout.ts';
import { giftWrap } from '../gift-wrap.ts';
import { welcomeDraft } from '../marmot/welcome.ts';
import type { RelayUrl } from '../relay-url.ts';
import type { Turn } from '../turn.ts';
import type { Invitee, Staged } from './staged.ts';

/** Common relays refuse a longer event for good. Bytes of its JSON. */
const MAX_EVENT_BYTES = 65_536;

/** A commit's welcome, and whom it is for. */
type Welcome = NonNullable<Staged['welcome']>;

/**
 * Whether relays take the invitations of a welcome. Both sealings pad in steps, so that the finished event grows by leaps (to 55 KB, then at once to
 * 66 KB at some 21 KB of MLS): what counts is measured on one, and those of one commit are of one size.
 * @param message an MLSMessage.
 */
export function passesRelays(
  { running, now }: Turn,
  relays: readonly RelayUrl[],
  message: Uint8Array,
  [first]: readonly Invitee[],
): boolean {
  if (first === undefined) return true;
  const draft = welcomeDraft({ keyPackageEvent: first.keyPackageEvent, relays, message }, seconds(now));
  try {
    const wrap = giftWrap(running.self.secret, first.key, draft, now);
    return Buffer.byteLength(JSON.stringify(wrap)) <= MAX_EVENT_BYTES;
  } catch (error) {
    if (error instanceof PlainsealError && error.kind === 'too-large') return false;
    throw error;
  }
}

/** Seals a welcome for each, and has it published from now on: every relay of theirs is tried, also after a start. `datedAt`: epoch seconds. */
export async function sendWelcomes(
  { running, work, now }: Turn,
  group: GroupKey,
  relays: readonly RelayUrl[],
  { message, to }: Welcome,
  datedAt = seconds(now),
): Promise<void> {
  const { secret, key: account } = running.self;
  for (const { key, keyPackageEvent, inbox } of to) {
    const draft = welcomeDraft({ keyPackageEvent, relays, message }, datedAt);
    const wrap = giftWrap(secret, key, draft, now);
    const text = JSON.stringify(['EVENT', wrap]);
    const operation = { kind: 'gift-wrap', account, to: key, text } as const;
    await startFanout(work, { id: wrap.id, operation, invitesTo: group, left: inbox, madeAt: now });
  }
}
