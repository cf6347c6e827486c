import { ImapFlow } from 'imapflow';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createCertificate } from '../../e2e/peers/certificate.ts';
import { startDeltaChat, type DeltaChat } from '../../e2e/peers/deltachat.ts';
import { dovecotInstalled, startDovecot, type Dovecot } from '../../e2e/peers/dovecot.ts';
import type { ConversationId } from '../../shared/ids.ts';
import { saying } from './test/lane-context.ts';
import { isMessage, joinByLink, openPlainseal, type Plainseal } from './test/world.ts';

/** Where the machine is set up for the tests, a dovecot that is missing is a fault and the suite fails; elsewhere it cannot run. */
const mustBeThere = process.env['CI'] !== undefined && process.platform === 'linux';

if (!(await dovecotInstalled()) && !mustBeThere)
  test('on dovecot', ({ skip }) => skip('dovecot 2.3 is not installed'));
else
  describe('on dovecot', () => {
    let dovecot: Dovecot;
    let alice: DeltaChat;
    let me: Plainseal;
    let conversation: ConversationId;
    /** Alice's chat with me. */
    let chat: number;

    beforeAll(async () => {
      dovecot = await startDovecot(await createCertificate(), { policy: 'chatmail' });
      [alice, me] = await Promise.all([
        startDeltaChat({ mail: dovecot, address: 'alice@mail.test', name: 'Alice' }),
        openPlainseal(dovecot, 'me@mail.test'),
      ]);
    });
    afterAll(async () => {
      await me?.stop();
      await alice?.stop();
      await dovecot?.stop();
    });

    const hear = (text: string) => me.core.waitFor(text, isMessage(text));
    const onlines = (): number => me.core.statuses.filter(({ kind }) => kind === 'online').length;

    test('an invitation of a real Delta Chat core is followed, and text goes both ways', async () => {
      ({ conversation } = await joinByLink(me, await alice.inviteLink()));
      me.core.enqueue(saying(conversation, { text: 'over dovecot – hin' }));
      const heard = await alice.waitForText('over dovecot – hin');
      expect(heard.padlock).toBe(true);
      ({ chat } = heard);
      await alice.sendText(chat, 'over dovecot – zurück');
      expect(await hear('over dovecot – zurück')).toMatchObject({
        target: { conversation },
        evidence: { how: 'opened-here', from: { proof: 'signature', trust: { kind: 'checked' } } },
      });
    });

    test('after the server was started again the lane is back by itself, and nothing is lost or doubled', async () => {
      const before = onlines();
      await dovecot.restart();
      await me.core.waitUntil('online again', () => onlines() > before);
      await alice.sendText(chat, 'after the restart');
      await hear('after the restart');
      me.core.enqueue(saying(conversation, { text: 'still here' }));
      expect((await alice.waitForText('still here')).padlock).toBe(true);
      const texts = me.core
        .changes()
        .flatMap((change) => (change.kind === 'message' ? [change.content.text] : []));
      expect(texts).toEqual(['over dovecot – zurück', 'after the restart']);
    });

    test('what was taken in lies at the server as it came: all of it, unread', async () => {
      const client = new ImapFlow({
        ...dovecot.imap,
        secure: true,
        tls: { ca: dovecot.ca },
        auth: { user: me.address, pass: 'pw' },
        logger: false,
      });
      await client.connect();
      const { uidNext } = await client.mailboxOpen('INBOX', { readOnly: true });
      const mails = await client.fetchAll('1:*', { uid: true, flags: true }, { uid: true });
      await client.logout();
      // Two steps of the invitation and two messages at least; UIDs without a gap: nothing was ever deleted.
      expect(uidNext).toBeGreaterThanOrEqual(5);
      expect(mails).toHaveLength(uidNext - 1);
      expect(mails.flatMap(({ flags }) => [...(flags ?? [])]).filter((flag) => flag !== '\\Recent')).toEqual(
        [],
      );
    });
  });
