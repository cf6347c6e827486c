import { sendText } from '../fixtures/steps.ts';
import type { Attack } from './attack.ts';
import { meetOnSignal, noted, say } from './meet.ts';

/** Whoever could link a device reads along from then on. */
export const ghostDeviceSignal: Attack = {
  name: 'ghost-device-signal',
  number: 'AT-12',
  network: 'signal',
  does: 'A second device appears on Gus’s account and would get every message.',
  outcome: 'marked',
  async run(stage) {
    const { page, signal } = stage;
    const gus = await meetOnSignal(stage, 'Gus');
    await sendText(page, 'Before the ghost');
    await signal.next(gus, 'message');
    await signal.call('addDevice', { account: gus.id });
    await sendText(page, 'Are we alone?');
    return noted(page, say('note.new-device', { name: 'Gus' }));
  },
};
