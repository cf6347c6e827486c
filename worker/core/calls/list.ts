import type { CallName } from '../../../shared/contract/calls.ts';
import { callSchemas } from '../../../shared/contract/calls.ts';
import { PlainsealError } from '../../../shared/errors.ts';
import * as v from 'valibot';
import { placeOf } from '../lanes/line.ts';
import { accountCalls } from './account.ts';
import { conversationCalls } from './conversation.ts';
import { fileCalls } from './file.ts';
import { floorCalls } from './floor.ts';
import { flowCalls } from './flow.ts';
import { groupCalls } from './group.ts';
import { holdCalls } from './hold.ts';
import { keyCalls } from './key.ts';
import { messageCalls } from './message.ts';
import { nameCalls } from './name.ts';
import { personCalls } from './person.ts';
import { profileCalls } from './profile.ts';
import { reportCalls } from './report.ts';
import { sendCalls } from './send.ts';
import type { CallScope, Serve } from './scope.ts';
import { timerCalls } from './timer.ts';
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
    ...floorCalls(of),
    ...fileCalls(of),
    ...timerCalls(of),
    ...groupCalls(of),
    ...trustCalls(of),
    ...nameCalls(of),
    ...personCalls(of),
    ...keyCalls(of),
    ...reportCalls(of),
    search: (args) => of.read('search', args),
    ...flowCalls(of),
  };
}

/** @throws PlainsealError `bad-request` for a call that is not of the contract or not of its shape. */
export function checkCall(name: string, args: unknown): unknown {
  if (!Object.hasOwn(callSchemas, name)) throw new PlainsealError('bad-request', 'no such call');
  const read = v.safeParse(callSchemas[name as CallName], args);
  if (!read.success) throw new PlainsealError('bad-request', `malformed ${name}: ${placeOf(read.issues[0])}`);
  return read.output;
}
