import { expect } from '@playwright/test';
import { armor, dearmor } from '../../crypto/openpgp/armor.ts';
import { packet, readPackets, TAG } from '../../crypto/openpgp/packets.ts';
import { messageWith, PEER_MS } from '../fixtures/steps.ts';
import type { Attack } from './attack.ts';
import { meetByMail, noted, say } from './meet.ts';

/** EFAIL begins so: what only protects from reading can be changed unseen. */
export const downgradeEmail: Attack = {
  name: 'downgrade-email',
  number: 'AT-33',
  network: 'email',
  does: 'The mail server makes a sealed mail one of the old kind that nothing protects from changes.',
  outcome: 'refused',
  async run(stage) {
    const { page, mail, me } = stage;
    const vera = await meetByMail(stage, 'Vera');
    const chat = await vera.chatWith((await vera.rpc.lookupContactIdByAddr(vera.account, me.mail)) ?? -1);
    await vera.sendText(chat, 'Nine hundred');
    await expect(messageWith(page, 'Nine hundred')).toBeVisible({ timeout: PEER_MS });
    const sealed = (await mail.mails()).findLast(({ from }) => from === vera.address);
    const weaker = withoutIntegrity(sealed?.raw.toString('latin1') ?? '').replace(
      /^Message-ID: .*$/imu,
      'Message-ID: <weaker@example.org>',
    );
    await mail.deliver(me.mail, Buffer.from(weaker, 'latin1'));
    return noted(page, say('note.not-opened'));
  },
};

const MAX_PACKETS = 20;

/** The same mail, its sealed packet one of the kind without protection: another tag, and no version. @throws Error without one. */
function withoutIntegrity(mail: string): string {
  const [block = ''] = /-----BEGIN PGP MESSAGE-----[^]*-----END PGP MESSAGE-----/u.exec(mail) ?? [];
  const bytes = dearmor(Buffer.from(block));
  const packets = bytes && readPackets(bytes, MAX_PACKETS);
  if (packets === null || typeof packets === 'string') throw new Error('nothing is sealed');
  const weaker = packets.map(({ tag, body }) =>
    tag === TAG.seipd ? packet(TAG.sed, body.subarray(1)) : packet(tag, body),
  );
  return mail.replace(block, () =>
    Buffer.from(armor(Buffer.concat(weaker)))
      .toString('latin1')
      .trim(),
  );
}
