import type { FlowAnswer, FlowFailure, FlowStep } from '../../shared/lane/flow.ts';
import type { LaneContext } from '../../shared/lane/lane.ts';
import { createWork } from '../../shared/lane/work.ts';
import { emptyCommit } from '../../shared/lane/commit.ts';
import { writeAccount, type AccountRecord, type Self } from './account-record.ts';
import { openInbox } from './connection.ts';
import { commit } from './perform.ts';
import { failureOf } from './setup.ts';
import { verifySubmission } from './submission.ts';
import { accessTo } from './tls.ts';

type Steps = AsyncGenerator<FlowStep, null, FlowAnswer | undefined>;

/** Times the person is asked again before the flow gives up: servers lock accounts. */
const ASK_LIMIT = 5;

/**
 * Takes another password for the account, once both servers have taken it: those that are stored, so that whoever only types here leads the account, and
 * what it sends, to no other.
 * @param begin runs the account anew, with it.
 */
export async function* signIn(
  of: { readonly context: LaneContext; readonly self: () => Promise<Self> },
  signal: AbortSignal,
  begin: () => Promise<void>,
): Steps {
  let why: FlowFailure | null = null;
  for (let asked = 0; asked < ASK_LIMIT; asked += 1) {
    const answer: FlowAnswer | undefined = yield {
      kind: 'ask',
      fields: [{ name: 'password', secret: true, value: '' }],
      why,
    };
    if (answer?.kind !== 'fields' || signal.aborted) return yield* failed('cancelled');
    yield { kind: 'progress', stage: 'login' };
    const { account } = await of.self();
    const next = { ...account, password: answer.values['password'] ?? '' };
    why = await refusalOf(next, of.context, signal);
    if (signal.aborted) return yield* failed('cancelled');
    if (why === 'login-refused') continue;
    if (why === null && !(await write(of.context, next))) why = 'internal';
    if (why === null) await begin();
    yield why === null ? { kind: 'done', conversation: null, peer: null } : { kind: 'failed', why };
    return null;
  }
  return yield* failed('too-many-tries');
}

async function* failed(why: FlowFailure): Steps {
  yield { kind: 'failed', why };
  return null;
}

/** Why a server does not take it; null where both do. */
async function refusalOf(
  account: AccountRecord,
  context: LaneContext,
  signal: AbortSignal,
): Promise<FlowFailure | null> {
  if (account.password === '') return 'login-refused';
  try {
    (await openInbox(accessTo('imap', account, context), signal)).close();
    await verifySubmission(accessTo('smtp', account, context));
    return null;
  } catch (error) {
    return failureOf(error);
  }
}

async function write(context: LaneContext, account: AccountRecord): Promise<boolean> {
  const work = createWork(context.view);
  await writeAccount(work, account);
  return (await commit(context, { ...emptyCommit, work: work.writes() })).ok;
}
