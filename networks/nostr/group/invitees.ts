import { marmotProfile } from '../../../crypto/mls/marmot-rules.ts';
import { createWork } from '../../../shared/lane/work.ts';
import { findContact } from '../contact.ts';
import type { PublicKey } from '../keys.ts';
import { accountOf } from '../marmot/member.ts';
import { readPeer } from '../peer-record.ts';
import type { RelayUrl } from '../relay-url.ts';
import type { Running } from '../running.ts';
import type { Invitee } from './staged.ts';

/** Somebody who can be added, with the key package to add them with (an MLSMessage). */
export interface Found extends Invitee {
  readonly keyPackage: Uint8Array;
}

/** `no-key`: they have no key package that this program can use. `unreachable`: no relay answered. */
export type Looked =
  { readonly kind: 'found'; readonly found: Found } | { readonly kind: 'no-key' | 'unreachable' };

/** Looks for somebody at relays. Not under the lock: this takes as long as relays do. */
export async function lookFor(
  running: Running,
  key: PublicKey,
  hints: readonly RelayUrl[] = [],
): Promise<Looked> {
  const { pool, self, context, engine } = running;
  const work = createWork(context.view);
  const known = await readPeer(work, key);
  const near = [...new Set([...hints, ...known.hints])];
  const contact = await findContact(pool, key, near, self.write);
  if (contact.kind !== 'found') return { kind: contact.kind === 'unreachable' ? 'unreachable' : 'no-key' };
  for (const { event, message } of contact.keyPackages) {
    const read = await engine.readKeyPackage(message, context.now());
    if (read.kind === 'refused' || accountOf(read.member) !== key) continue;
    const { requires } = marmotProfile;
    const able =
      requires.proposals.every((type) => read.proposals.includes(type)) &&
      requires.extensions.every((type) => read.extensions.includes(type));
    if (!able) continue;
    const inbox = contact.inbox.length > 0 ? contact.inbox : [...new Set([...near, ...self.write])];
    return { kind: 'found', found: { key, keyPackageEvent: event.id, inbox, keyPackage: message } };
  }
  return { kind: 'no-key' };
}

/** Looked for side by side: each takes a request or two, and relays take some twenty of a connection. */
const MOST_AT_ONCE = 5;

/** Looks for several. `failed`: why not all were found. `missing`: who has no key package that can be used. */
export async function lookForAll(
  running: Running,
  keys: readonly PublicKey[],
): Promise<{
  readonly found: readonly Found[];
  readonly missing: readonly PublicKey[];
  readonly failed: 'no-key' | 'unreachable' | null;
}> {
  const looked: Looked[] = [];
  for (let from = 0; from < keys.length; from += MOST_AT_ONCE) {
    const some = keys.slice(from, from + MOST_AT_ONCE);
    looked.push(...(await Promise.all(some.map((key) => lookFor(running, key)))));
  }
  const found = looked.flatMap((one) => (one.kind === 'found' ? [one.found] : []));
  const kinds = looked.map(({ kind }) => kind);
  const missing = keys.filter((_, at) => kinds[at] === 'no-key');
  const failed = kinds.includes('unreachable') ? 'unreachable' : missing.length > 0 ? 'no-key' : null;
  return { found, missing, failed };
}
