import {
  ErrorCode,
  LibSignalErrorBase,
  PreKeySignalMessage,
  SignalMessage,
  signalDecrypt,
  signalDecryptPreKey,
  type SessionRecord,
} from '@signalapp/libsignal-client';
import type { Millis } from '../../shared/ids.ts';
import type { Work } from '../../shared/lane/state.ts';
import { addressOf } from './address.ts';
import type { OpenResult, Refusal, Unsealed } from './engine.ts';
import { detailsOf, plaintextFacts, sessionFacts } from './facts.ts';
import { hexOf, identityKey, type Own, type OwnIdentity } from './identity.ts';
import { unpad } from './padding.ts';
import { publicKeyOf } from './public-key.ts';
import { innerOf, isOld, shownBy, shownByRead, type Shown } from './ratchet-message.ts';
import { plaintextBody, retryRequestFor } from './retry-request.ts';
import { readSession, writeSession, type Proven, type Session } from './session-cell.ts';
import { archiveOthers } from './sessions.ts';
import { createStores, type Stores } from './stores.ts';
import { unshared } from './unshared.ts';

const refused = (why: Refusal): Extract<OpenResult, { kind: 'refused' }> => ({
  kind: 'refused',
  why,
  retry: null,
});

/** Opening another copy helps against these: the sender's next try comes in a session that works. */
const worthAnother: ReadonlySet<Refusal> = new Set(['no-session', 'no-prekey', 'decryption']);

/**
 * Opens an envelope whose sender is known. Session, identity and used-up prekeys are written into `work`, also on the way to a refusal.
 * A message that does not open is worth asking for again whatever its hint: the hint says what is shown meanwhile, and the asking
 * also makes the other side put a broken session away (as Signal's own programs do).
 * @throws PlainsealError `corrupt` when a cell of mine does not read: nothing about the message is known then.
 */
export async function open(own: Own, unsealed: Unsealed, work: Work, now: Millis): Promise<OpenResult> {
  const { type, content } = unsealed;
  const me = unsealed.local === 'ACI' ? own.aci : own.pni;
  if (me === null) return refused('wrong-destination');
  if (type === 'sender-key') return refused('sender-key');
  if (type === 'plaintext') return openPlaintext(me, unsealed, work, now);
  const result = await openRatchet(own, me, { ...unsealed, type }, work, now);
  if (result.kind !== 'refused' || !worthAnother.has(result.why)) return result;
  const { from, sentAt } = unsealed;
  return { ...result, retry: retryRequestFor({ type, content, sentAt, device: from.device }) };
}

type RatchetMessage = Unsealed & { readonly type: 'double-ratchet' | 'prekey' };

async function openRatchet(
  own: Own,
  me: OwnIdentity,
  unsealed: RatchetMessage,
  work: Work,
  now: Millis,
): Promise<OpenResult> {
  const { from, senderKey, type } = unsealed;
  if (isOld(unsealed.content)) return refused('old-version');
  const session = await readSession(work, me.local, from);
  const read = readMessage(unsealed);
  if (read === null) return refused('malformed');
  if (type === 'double-ratchet' && session === null) return refused('no-session');
  const stores = createStores({ own, me, remote: from, work, session, sendsTo: 'known' });
  let padded: Uint8Array;
  try {
    padded = await read.decrypt(
      addressOf(from),
      addressOf({ service: me.service, device: own.device }),
      stores,
    );
  } catch (error) {
    return failed(error, stores);
  }
  const { saved, identity, identityWas } = stores;
  // libsignal leaves both whenever it gives a plaintext.
  if (saved === null || identity === null) return refused('decryption');
  const peerKey = hexOf(identity);
  if (senderKey !== null && senderKey !== peerKey) return refused('certificate');
  const plaintext = unpad(padded);
  if (plaintext === null) return refused('malformed');
  const { proven, step } = read.shown;
  const newSession = stores.usedPreKey;
  const kept =
    newSession || session === null ? begun(saved, proven, now) : moved(session, saved, proven, now);
  writeSession(work, me.local, from, kept);
  if (identityWas !== null) await archiveOthers(work, me.local, from);
  return {
    kind: 'opened',
    plaintext,
    from,
    local: me.local,
    identity: peerKey,
    identityWas: identityWas === null ? null : hexOf(identityWas),
    newSession,
    facts: sessionFacts(kept, now),
    details: detailsOf({ proven, step, ownKey: hexOf(me.key), peerKey, sealed: unsealed.sealed }),
  };
}

interface Read {
  readonly shown: Shown;
  decrypt(
    from: ReturnType<typeof addressOf>,
    to: ReturnType<typeof addressOf>,
    stores: Stores,
  ): Promise<Uint8Array>;
}

/** Reads a ratchet message; null for what is none. */
function readMessage({ type, content }: RatchetMessage): Read | null {
  const bytes = unshared(content);
  try {
    if (type === 'double-ratchet') {
      const message = SignalMessage.deserialize(bytes);
      return {
        shown: shownByRead(message),
        decrypt: (from, to, stores) => signalDecrypt(message, from, to, stores, stores),
      };
    }
    const message = PreKeySignalMessage.deserialize(bytes);
    const inner = innerOf(bytes);
    if (inner === null) return null;
    return {
      shown: shownBy(inner),
      decrypt: (from, to, stores) =>
        signalDecryptPreKey(message, from, to, stores, stores, stores, stores, stores),
    };
  } catch {
    return null;
  }
}

function failed(error: unknown, { stop }: Stores): OpenResult {
  // State that cannot be read is no fault of the message.
  if (stop?.kind === 'fault') throw stop.error;
  if (stop !== null) return refused(stop.why);
  const code = error instanceof LibSignalErrorBase ? error.code : ErrorCode.Generic;
  if (code === ErrorCode.DuplicatedMessage) return { kind: 'duplicate' };
  return refused(code === ErrorCode.UntrustedIdentity ? 'untrusted-identity' : 'decryption');
}

/** A session that the other side has made just now. */
const begun = (record: SessionRecord, proven: Proven, now: Millis): Session => ({
  record,
  registrationId: record.remoteRegistrationId(),
  proven,
  turnedAt: now,
  ownRatchet: null,
});

/** A session after one message more. It has turned when my ratchet moved on from the key I last sealed under: they have answered it. */
function moved(session: Session, record: SessionRecord, proven: Proven, now: Millis): Session {
  const { ownRatchet, turnedAt } = session;
  const key = ownRatchet === null ? null : publicKeyOf(ownRatchet);
  const turned = key !== null && !record.currentRatchetKeyMatches(key);
  return {
    record,
    registrationId: record.remoteRegistrationId(),
    proven,
    turnedAt: turned ? now : turnedAt,
    ownRatchet: turned ? null : ownRatchet,
  };
}

/**
 * "Opens" a plaintext content: it asks for a message again, and libsignal takes nothing else for one. Nobody is proven to have written it
 * but by the certificate of a sealed one, so it is only heard from those whose identity is known, and changes nothing of theirs.
 */
async function openPlaintext(
  me: OwnIdentity,
  { from, local, content, sealed, senderKey }: Unsealed,
  work: Work,
  now: Millis,
): Promise<OpenResult> {
  const known = await work.get(identityKey(local, from.service));
  if (known === null) return refused('no-session');
  const peerKey = hexOf(known);
  if (senderKey !== null && senderKey !== peerKey) return refused('certificate');
  const body = plaintextBody(content);
  const plaintext = body === null ? null : unpad(body);
  if (plaintext === null) return refused('malformed');
  return {
    kind: 'opened',
    plaintext,
    from,
    local,
    identity: peerKey,
    identityWas: null,
    newSession: false,
    facts: plaintextFacts(now),
    details: [
      { name: 'own-key', value: hexOf(me.key) },
      { name: 'peer-key', value: peerKey },
      { name: 'sealed-sender', value: sealed ? 'yes' : 'no' },
    ],
  };
}
