import {
  CiphertextMessageType,
  DecryptionErrorMessage,
  PlaintextContent,
  ContentHint,
} from '@signalapp/libsignal-client';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createWork } from '../../shared/lane/work.ts';
import { addressOf } from './address.ts';
import type { OpenResult, SignalEnvelope } from './engine.ts';
import { pad, unpad } from './padding.ts';
import { publicKeyOf } from './public-key.ts';
import { readRetryRequest, retryRequestFor } from './retry-request.ts';
import { acquainted, bytesOf, createAccount, NOW, opened, refusal, type Account } from './test/account.ts';
import { createAuthority, createRawParty, type RawParty } from './test/raw-party.ts';

const authority = createAuthority();

/** An account that has lost its session with somebody, and what comes from them. */
async function outOfStep(): Promise<{ account: Account; peer: RawParty }> {
  const account = createAccount([authority]);
  const peer = await acquainted(account);
  await account.cells.run(async (work) => {
    await account.engine.devices(peer.service, work);
    account.engine.forget({ service: peer.service, device: 1 }, work);
  });
  return { account, peer };
}

const asked = (result: OpenResult): Uint8Array => {
  if (result.kind !== 'refused' || result.retry === null) throw new Error('not asked');
  return result.retry;
};

describe('a message that does not open', () => {
  it('is asked for again, in words the other side understands', async () => {
    const { account, peer } = await outOfStep();
    const envelope = await peer.write(bytesOf('hello'), account.aci, { sentAt: 77 });
    const result = await account.receive(envelope);
    expect(refusal(result)).toBe('no-session');
    const request = account.engine.retryRequest(asked(result));
    expect(request).toMatchObject({ sentAt: 77, device: 1 });
    const record = await peer.stores.getSession(addressOf(account.aci));
    const key = publicKeyOf(request?.ratchetKey ?? Uint8Array.of());
    expect(key !== null && record?.currentRatchetKeyMatches(key)).toBe(true);
    const theirs = DecryptionErrorMessage.extractFromSerializedBody(
      PlaintextContent.deserialize(Uint8Array.from(asked(result))).body(),
    );
    expect(theirs.timestamp()).toBe(77);
  });

  it('is asked for whatever its hint is', async () => {
    const { account, peer } = await outOfStep();
    const certificate = authority.certify({
      service: peer.service,
      device: 1,
      key: peer.identity.publicKey,
    });
    for (const hint of [ContentHint.Default, ContentHint.Resendable, ContentHint.Implicit]) {
      const envelope = await peer.writeSealed(bytesOf('hello'), account.aci, certificate, { hint });
      asked(await account.receive(envelope));
    }
  });

  it('is asked for when its keys are used up, or it was changed on the way', async () => {
    const account = createAccount([authority]);
    await acquainted(account, 0);
    const late = createRawParty();
    await late.meet(account.aci, account.keys.aci, 0);
    const used = await account.receive(await late.write(bytesOf('late'), account.aci));
    expect(refusal(used)).toBe('no-prekey');
    expect(account.engine.retryRequest(asked(used))?.ratchetKey).not.toBeNull();
    const peer = await acquainted(account, 1);
    const envelope = await peer.write(bytesOf('hello'), account.aci);
    const content = Uint8Array.from(envelope.content);
    content.set([(content.at(-1) ?? 0) ^ 1], content.length - 1);
    const changed = await account.receive({ ...envelope, content });
    expect(refusal(changed)).toBe('decryption');
    asked(changed);
    expect(refusal(await account.receive(envelope))).toBe('opened');
  });

  it('makes no request that says nothing', () => {
    const of = { type: 'prekey', sentAt: 1, device: 1 } as const;
    expect(retryRequestFor({ ...of, content: Uint8Array.of(1, 2) })).toBeNull();
  });
});

/** What the peer says when it could not open something of mine. */
async function requestOf(peer: RawParty, account: Account): Promise<Uint8Array<ArrayBuffer>> {
  const { engine, cells } = account;
  const to = { service: peer.service, device: 1 };
  const sealed = await cells.run((work) => engine.seal(bytesOf('lost'), to, work, NOW));
  const error = DecryptionErrorMessage.forOriginal(
    Uint8Array.from(sealed.bytes),
    CiphertextMessageType.Whisper,
    55,
    account.aci.device,
  );
  return PlaintextContent.from(error).serialize();
}

describe('a request of theirs', () => {
  it('is heard, names the ratchet that is to be put away, and counts as open to the server', async () => {
    const account = createAccount([authority]);
    const { engine, cells } = account;
    const peer = await acquainted(account);
    const content = await requestOf(peer, account);
    const envelope: SignalEnvelope = {
      type: 'plaintext',
      source: { service: peer.service, device: 1 },
      destination: account.aci.service,
      sentAt: 1,
      serverAt: 2,
      content,
    };
    const before = [...cells.all];
    const result = opened(await account.receive(envelope));
    expect([...cells.all]).toEqual(before);
    expect(result.facts).toMatchObject({ endToEnd: { is: false }, authenticated: { is: false } });
    expect(result).toMatchObject({ newSession: false, identityWas: null });
    expect(result.details).toContainEqual({ name: 'sealed-sender', value: 'no' });
    // The whole content, and what a codec takes out of it: field 8 of Content.
    const inner = result.plaintext.subarray(2);
    for (const bytes of [content, inner]) {
      const read = engine.retryRequest(bytes);
      expect(read).toMatchObject({ sentAt: 55, device: account.aci.device });
      const key = read?.ratchetKey ?? Uint8Array.of();
      const work = createWork(cells.view);
      const to = { service: peer.service, device: 1 };
      expect(await engine.isCurrentRatchet(to, key, work)).toBe(true);
      expect(await engine.isCurrentRatchet({ ...to, device: 2 }, key, work)).toBe(false);
      expect(await engine.isCurrentRatchet(to, peer.identity.publicKey.serialize(), work)).toBe(false);
      expect(await engine.isCurrentRatchet(to, Uint8Array.of(5, 1), work)).toBe(false);
      const put = createWork(cells.view);
      await engine.archive(to, put);
      expect(await engine.isCurrentRatchet(to, key, put)).toBe(false);
    }
  });

  it('is heard under sealed sender from the identity that is known, and from no other', async () => {
    const account = createAccount([authority]);
    const peer = await acquainted(account);
    const other = createRawParty({ service: peer.service });
    const content = PlaintextContent.deserialize(await requestOf(peer, account)).asCiphertextMessage();
    const certified = (of: RawParty) =>
      authority.certify({ service: of.service, device: 1, key: of.identity.publicKey });
    const good = await peer.wrap(content, account.aci, certified(peer));
    const result = opened(await account.receive(good));
    expect(result.details).toContainEqual({ name: 'sealed-sender', value: 'yes' });
    const bad = await other.wrap(content, account.aci, certified(other));
    expect(refusal(await account.receive(bad))).toBe('certificate');
    const stranger = createRawParty();
    const strange = await stranger.wrap(content, account.aci, certified(stranger));
    expect(await account.receive(strange)).toEqual({ kind: 'refused', why: 'no-session', retry: null });
  });

  it('for a message of a group names no ratchet', () => {
    const error = DecryptionErrorMessage.forOriginal(bytesOf('any'), CiphertextMessageType.SenderKey, 5, 2);
    expect(readRetryRequest(error.serialize())).toEqual({ sentAt: 5, device: 2, ratchetKey: null });
  });

  it('is nothing else', async () => {
    const account = createAccount();
    const peer = await acquainted(account);
    const { content } = await peer.write(bytesOf('hello'), account.aci);
    const envelope = { type: 'plaintext', source: peer, destination: account.aci.service } as const;
    for (const bytes of [content, Uint8Array.of(), Uint8Array.of(0xc0), Uint8Array.of(0xc0, 1, 2, 0)])
      expect(await account.receive({ ...envelope, sentAt: 1, serverAt: 1, content: bytes })).toEqual({
        kind: 'refused',
        why: 'malformed',
        retry: null,
      });
    expect(readRetryRequest(content)).toBeNull();
    expect(readRetryRequest(Uint8Array.of(0xc0, 0x80))).toBeNull();
  });

  it('reads any bytes without a throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, marked) => {
        const read = readRetryRequest(Uint8Array.of(...(marked ? [0xc0] : []), ...bytes));
        if (read !== null) expect(read.sentAt).toBeTypeOf('number');
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('padding', () => {
  it('comes off again, and hides the length in steps of 80', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (content) => {
        const padded = pad(content);
        expect((padded.length + 1) % 80).toBe(0);
        expect(padded.length).toBeGreaterThan(content.length);
        expect(padded.length - content.length).toBeLessThanOrEqual(80);
        expect(unpad(padded)).toEqual(Uint8Array.from(content));
      }),
    );
  });

  it.each([[[]], [[0]], [[0, 0, 0]], [[1]], [[0x80, 1]], [[0x81, 0]]])('%j is none', (bytes) => {
    expect(unpad(Uint8Array.from(bytes))).toBeNull();
  });
});
