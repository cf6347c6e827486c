import type { FlowAnswer, FlowStep } from '../../shared/lane/flow.ts';
import type { KeyRefusal } from '../../shared/lane/key.ts';
import type { SecretKey } from './keys.ts';
import { readOwnKey } from './own-key.ts';

/** Times the person is asked before the flow gives up. */
const ASK_LIMIT = 10;

/**
 * Asks for the key that the person has: core does so in the shell's own window, and the page hears nothing of it. Null when the person does
 * not go on.
 */
export async function* bringKey(): AsyncGenerator<FlowStep, SecretKey | null, FlowAnswer | undefined> {
  let why: KeyRefusal | null = null;
  for (let asked = 0; asked < ASK_LIMIT; asked += 1) {
    const answer: FlowAnswer | undefined = yield { kind: 'ask-key', why };
    if (answer?.kind !== 'key') return null;
    const read = await readOwnKey(answer.text, answer.passphrase);
    if (read.kind === 'secret') return read.secret;
    ({ why } = read);
  }
  return null;
}
