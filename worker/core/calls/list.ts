import type { CallName } from '../../../shared/contract/calls.ts';
import { callSchemas } from '../../../shared/contract/calls.ts';
import { PlainsealError } from '../../../shared/errors.ts';
import * as v from 'valibot';
import { findPeer } from '../../../storage/peers.ts';
import { placeOf } from '../lanes/line.ts';
import { accountCalls } from './account.ts';
import { conversationCalls } from './conversation.ts';
import { fileCalls } from './file.ts';
import { holdCalls } from './hold.ts';
import { keyCalls } from './key.ts';
import { messageCalls } from './message.ts';
import { profileCalls } from './profile.ts';
import { sendCalls } from './send.ts';
import { confirm, type CallScope, type Serve } from './scope.ts';
import { trustCalls } from './trust.ts';

/** Every call of the contract. */
export function allCalls(of: CallScope): Serve<CallName> {
  return {
    ...profileCalls(of),
    ...accountCalls(of),
    ...conversationCalls(of),
    ...messageCalls(of),
    ...sendCalls(of),
    ...holdCalls(of),
    ...fileCalls(of),
    ...trustCalls(of),
    ...keyCalls(of),
    search: (args) => of.read('search', args),
    'flow.start': ({ request, account, network, start }) =>
      of.once(
        'flow.start',
        request,
        async () => ({ flow: await of.flows.start({ account, network, start }) }),
        (started) => started,
      ),
    'flow.answer': async ({ flow, answer }) => {
      // The page may show two keys side by side; that they match is said in the shell's own window.
      const compared = answer.kind === 'yes' ? of.flows.comparing(flow) : null;
      if (compared) {
        const peer = findPeer(of.db, compared.peer);
        const name = peer?.name ?? peer?.address ?? '';
        await confirm(of, 'mark-checked', { name, fingerprint: compared.theirs });
      }
      await of.flows.answer(flow, answer);
      return null;
    },
    'flow.cancel': async ({ flow }) => {
      await of.flows.cancel(flow);
      return null;
    },
  };
}

/** @throws PlainsealError `bad-request` for a call that is not of the contract or not of its shape. */
export function checkCall(name: string, args: unknown): unknown {
  if (!Object.hasOwn(callSchemas, name)) throw new PlainsealError('bad-request', 'no such call');
  const read = v.safeParse(callSchemas[name as CallName], args);
  if (!read.success) throw new PlainsealError('bad-request', `malformed ${name}: ${placeOf(read.issues[0])}`);
  return read.output;
}
