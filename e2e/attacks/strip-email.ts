import { expect } from '@playwright/test';
import { messageWith } from '../fixtures/steps.ts';
import type { Attack } from './attack.ts';
import { meetByMail, noted, say } from './meet.ts';

/** A sender's name is as easily written on a mail as on an envelope. */
export const stripEmail: Attack = {
  name: 'strip-email',
  number: 'AT-03',
  network: 'email',
  does: 'The mail server hands over an open mail in the name of somebody whose mails are sealed.',
  outcome: 'marked',
  async run(stage) {
    const { page, mail, me } = stage;
    const olga = await meetByMail(stage, 'Olga');
    const open = [
      `From: Olga <${olga.address}>`,
      `To: <${me.mail}>`,
      `Date: ${new Date().toUTCString().replace('GMT', '+0000')}`,
      'Message-ID: <open@example.org>',
      'Subject: New bank account',
      'MIME-Version: 1.0',
      'Content-Type: text/plain; charset=utf-8',
      '',
      'Please use my new bank account.',
      '',
    ];
    await mail.deliver(me.mail, open.join('\r\n'));
    const said = await noted(page, say('note.arrived-in-the-clear', { name: 'Olga' }));
    await expect(messageWith(page, 'new bank account')).toHaveCount(0);
    return said;
  },
};
