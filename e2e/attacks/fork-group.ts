import { forkingCommit } from '../../worker/sample/forking-commit.ts';
import { isMyGroup } from '../crash/group-state.ts';
import { messageWith, PEER_MS, sendText } from '../fixtures/steps.ts';
import { expect } from '@playwright/test';
import type { Attack } from './attack.ts';
import { meetOnNostr, say, stopped } from './meet.ts';

/** A member leads others into a state of the group that I cannot be in: what they read there, and who is in it, I would not know. */
export const forkGroup: Attack = {
  name: 'fork-group',
  number: 'AT-23',
  network: 'nostr',
  does: 'A member publishes a change of the group that cannot be followed, signed with her real key.',
  outcome: 'held',
  async run(stage) {
    const { page, relay } = stage;
    const { them: mallory } = await meetOnNostr(stage, 'Mallory');
    await page
      .getByRole('button', { name: say('new.title') })
      .first()
      .click();
    await page.getByRole('radio', { name: /npub1/u }).check();
    await page.getByRole('button', { name: say('group.new') }).click();
    await page.getByLabel(say('group.new.name')).fill('Night walks');
    await page.getByLabel(say('group.new.find')).fill('Mallory');
    await page.getByTestId('contacts').getByRole('button', { name: 'Mallory' }).click();
    await page.getByRole('button', { name: say('group.new.go') }).click();
    await expect(page.getByTestId('header-name')).toHaveText('Night walks');
    await sendText(page, 'Who walks tonight?');
    // She knows me: there is no need to ask her.
    const group = await mallory.conversation('the group', isMyGroup);
    await mallory.say(group, 'I do');
    await expect(messageWith(page, 'I do')).toBeVisible({ timeout: PEER_MS });
    await relay.put([await forkingCommit(mallory, group)]);
    return stopped(page, say('stopped.fork.group'));
  },
};
