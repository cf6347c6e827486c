import { describe, expect, it } from 'vitest';
import { acquainted, bytesOf, createAccount, NOW, opened, refusal, textOf } from './test/account.ts';
import { RawParty } from './test/raw-party.ts';

describe('the engine', () => {
  it('opens and seals with a stranger who begins', async () => {
    const account = createAccount();
    const peer = new RawParty();
    await peer.meet(account.aci, account.keys.aci, 0);
    const first = opened(await account.receive(await peer.write(bytesOf('hello'), account.aci)));
    expect(textOf(first.plaintext)).toBe('hello');
    expect(first.newSession).toBe(true);
    const sealed = await account.cells.run((work) =>
      account.engine.seal(bytesOf('hi'), { service: peer.service, device: 1 }, work, NOW),
    );
    expect(textOf((await peer.read(sealed, account.aci)) ?? bytesOf(''))).toBe('hi');
    const again = opened(await account.receive(await peer.write(bytesOf('again'), account.aci)));
    expect(again.newSession).toBe(false);
    expect(again.details).toContainEqual({ name: 'suite', value: 'PQXDH, Triple Ratchet' });
  });

  it('begins with somebody', async () => {
    const account = createAccount();
    const peer = new RawParty();
    const bundle = await peer.bundle();
    const to = { service: peer.service, device: 1 };
    const sealed = await account.cells.run(async (work) => {
      const started = await account.engine.startSession(
        bundle,
        peer.identity.publicKey.serialize(),
        peer.service,
        work,
        NOW,
      );
      expect(started.kind).toBe('started');
      return account.engine.seal(bytesOf('hi'), to, work, NOW);
    });
    expect(sealed.type).toBe('prekey');
    expect(textOf((await peer.read(sealed, account.aci)) ?? bytesOf(''))).toBe('hi');
    expect(
      textOf(opened(await account.receive(await peer.write(bytesOf('yo'), account.aci))).plaintext),
    ).toBe('yo');
  });

  it('says of a message seen before that it was', async () => {
    const account = createAccount();
    const peer = await acquainted(account);
    const envelope = await peer.write(bytesOf('once'), account.aci);
    opened(await account.receive(envelope));
    expect(refusal(await account.receive(envelope))).toBe('duplicate');
  });
});
