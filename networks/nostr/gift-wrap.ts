import { randomInt } from 'node:crypto';
import type { Millis } from '../../shared/ids.ts';
import {
  onlyValue,
  readRumor,
  readSignedEvent,
  rumorOf,
  seconds,
  signEvent,
  type Draft,
  type Rumor,
  type SignedEvent,
} from './event.ts';
import {
  forget,
  freshSecretKey,
  publicKeyFrom,
  publicKeyOf,
  type PublicKey,
  type SecretKey,
} from './keys.ts';
import { conversationKey, openText, sealText } from './nip44.ts';
import { jsonMembers } from './json-members.ts';

/** NIP-59: an unsigned event in a seal (signed by its author) in a wrap (signed by a key that nobody uses twice). */
export const SEAL_KIND = 13;
export const GIFT_WRAP_KIND = 1059;

/** How far back the times of seal and wrap may be set, so that they tell nothing (NIP-59). Seconds. */
export const TIME_BLUR_SECONDS = 2 * 24 * 60 * 60;

const blurred = (now: Millis): number => seconds(now) - randomInt(TIME_BLUR_SECONDS);

/**
 * Wraps an unsigned event of mine for one account.
 * @throws PlainsealError `too-large` when it does not fit NIP-44 twice (about 40 KB of JSON).
 */
export function giftWrap(own: SecretKey, to: PublicKey, draft: Draft, now: Millis): SignedEvent {
  const rumor = rumorOf(publicKeyOf(own), draft);
  const seal = signEvent(
    {
      created_at: blurred(now),
      kind: SEAL_KIND,
      tags: [],
      content: sealText(conversationKey(own, to), JSON.stringify(rumor)),
    },
    own,
  );
  const once = freshSecretKey();
  try {
    return signEvent(
      {
        created_at: blurred(now),
        kind: GIFT_WRAP_KIND,
        tags: [['p', to]],
        content: sealText(conversationKey(once, to), JSON.stringify(seal)),
      },
      once,
    );
  } finally {
    forget(once);
  }
}

/** Why a wrap was not opened. `not-mine`: to somebody else, or sealed to a key I do not have. */
export type WrapFault = 'not-a-wrap' | 'not-mine' | 'bad-seal' | 'bad-rumor' | 'other-author';

/** Me: the key and its public half. */
export interface Own {
  readonly secret: SecretKey;
  readonly key: PublicKey;
}

export type Unwrapped =
  { readonly kind: 'opened'; readonly rumor: Rumor } | { readonly kind: 'refused'; readonly why: WrapFault };

const refused = (why: WrapFault): Unwrapped => ({ kind: 'refused', why });

/** Parses JSON without a name given twice; undefined when it is none. */
function parse(text: string | null): unknown {
  return text !== null && jsonMembers(text) !== null ? JSON.parse(text) : undefined;
}

/**
 * Opens a verified wrap. The rumor's author is proven by the seal's signature; anybody may be that author, also a stranger.
 */
export function unwrapGift({ secret, key }: Own, wrap: SignedEvent): Unwrapped {
  if (wrap.kind !== GIFT_WRAP_KIND) return refused('not-a-wrap');
  if (onlyValue(wrap.tags, 'p') !== key) return refused('not-mine');
  const wrapped = openText(conversationKey(secret, wrap.pubkey), wrap.content);
  if (wrapped === null) return refused('not-mine');
  const seal = readSignedEvent(parse(wrapped));
  if (seal === null || seal.kind !== SEAL_KIND || seal.tags.length > 0) return refused('bad-seal');
  const author = publicKeyFrom(seal.pubkey);
  const sealed = author && openText(conversationKey(secret, author), seal.content);
  if (sealed === null) return refused('bad-seal');
  const rumor = readRumor(parse(sealed));
  if (rumor === null) return refused('bad-rumor');
  // Whoever seals may write any name inside: the signature counts, not the name.
  return rumor.pubkey === seal.pubkey ? { kind: 'opened', rumor } : refused('other-author');
}
