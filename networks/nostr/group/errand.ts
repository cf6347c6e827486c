import * as v from 'valibot';
import type { GroupKey } from '../../../crypto/mls/cells.ts';
import type { Millis } from '../../../shared/ids.ts';
import type { Intent } from '../../../shared/lane/intent.ts';
import { newNetworkKey } from '../../../shared/lane/network-key.ts';
import { decodeFrame, encodeFrame } from '../../../shared/wire/codec.ts';
import { hexId } from '../cell.ts';
import type { PublicKey } from '../keys.ts';

/** What the protocol does by itself in a group: new keys of mine, the commit that lets somebody go, the rest of a large founding. */
const ops = ['renew', 'depart', 'invite'] as const;

/** `keys`: whom an `invite` adds. */
export interface Errand {
  readonly op: (typeof ops)[number];
  readonly group: GroupKey;
  readonly keys: readonly PublicKey[];
}

const schema = v.object({
  group: v.string(),
  keys: v.array(hexId<PublicKey>()),
});

/** In no conversation's queue: it must not stand in the way of what the person writes. */
export function errandIntent({ op, group, keys }: Errand, sentAt: Millis): Intent {
  const data = encodeFrame({ group, keys });
  const what = { kind: 'protocol', key: newNetworkKey('nostr', sentAt), op, data } as const;
  return { conversation: null, sentAt, what };
}

/** Reads it; null for anything else, and for one that was emptied. */
export function readErrand(what: Extract<Intent['what'], { readonly kind: 'protocol' }>): Errand | null {
  const op = ops.find((known) => known === what.op);
  if (op === undefined || what.data.length === 0) return null;
  try {
    const { group, keys } = v.parse(schema, decodeFrame(what.data));
    return { op, group: group as GroupKey, keys };
  } catch {
    return null;
  }
}
