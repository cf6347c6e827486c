import { emptyCommit } from '../../shared/lane/commit.ts';
import type { FlowAnswer, FlowStart, FlowStep, AccountSetup } from '../../shared/lane/flow.ts';
import type { CreateLane, Lane, LaneContext } from '../../shared/lane/lane.ts';
import { createLaneRun } from '../../shared/lane/run.ts';
import { createWork } from '../../shared/lane/work.ts';
import { assertNever } from '../../shared/assert.ts';
import { PlainsealError } from '../../shared/errors.ts';
import { forgetParsedKeys } from '../../crypto/openpgp/parsed.ts';
import { readSelf, type Self } from './account-record.ts';
import { openInbox } from './connection.ts';
import { chat, check, invite, join, type Flowing } from './flows.ts';
import { CommitFault, drain } from './mailbox.ts';
import { exportOwn, importOwn } from './own-key.ts';
import { perform, retryAt } from './perform.ts';
import { createJoinWaiters } from './secure-join/waiters.ts';
import { addAccount } from './setup.ts';
import { createLearnedKeys } from './signer.ts';
import { signIn } from './sign-in.ts';
import { createStanding, type Standing } from './standing.ts';
import { createSubmission, type Submission } from './submission.ts';
import { accessTo, ConnectError, PERSON_RETRY_MS } from './tls.ts';

const FIRST_RETRY_MS = 500;
const MOST_RETRY_MS = 5 * 60_000;
/** A connection that held this long ends the series of failures before it. */
const STABLE_MS = 10_000;

/** Waits, or until `signal` aborts. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}

/** One running account. */
interface Running {
  readonly context: LaneContext;
  readonly self: () => Promise<Self>;
  readonly submission: Submission;
  readonly standing: Standing;
  readonly stopping: AbortController;
  readonly flowing: Flowing;
  reading: Promise<void>;
}

/** Reads the mailbox until stopped; connects again with growing pauses. */
async function keepReading(running: Running): Promise<void> {
  const { context, self, flowing, standing } = running;
  const { signal } = running.stopping;
  const { dropCaches, waiters, learned } = flowing;
  const { reading: say } = standing;
  const reading = { context: { ...context, status: say }, self, settle: waiters.settle, learned, dropCaches };
  let failures = 0;
  while (!signal.aborted) {
    const startedAt = Date.now();
    let why: unknown;
    try {
      say({ kind: 'connecting' });
      const { account } = await self();
      const inbox = await openInbox(accessTo('imap', account, context), signal);
      try {
        for (;;) {
          await drain(reading, inbox, signal);
          say({ kind: 'online' });
          await inbox.changed();
        }
      } finally {
        inbox.close();
      }
    } catch (error) {
      why = error;
    }
    if (signal.aborted) break;
    failures = Date.now() - startedAt > STABLE_MS ? 1 : failures + 1;
    await pause(report(reading.context, why, failures), signal);
  }
  say({ kind: 'stopped' });
}

/** Says what is wrong; returns how long to wait, ms. */
function report(context: LaneContext, why: unknown, failures: number): number {
  const fault = why instanceof ConnectError ? why.fault : why instanceof CommitFault ? why.why : 'internal';
  context.log('reading-ended', { fault, failures, error: why instanceof Error ? why.name : 'unknown' });
  if (fault === 'login' || fault === 'certificate') {
    context.status({ kind: 'needs-person', why: fault === 'login' ? 'password' : 'certificate' });
    return PERSON_RETRY_MS;
  }
  const wait = Math.min(FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 10), MOST_RETRY_MS);
  context.status({ kind: 'offline', retryAt: context.now() + wait });
  return wait;
}

async function startRunning(context: LaneContext): Promise<Running> {
  let known: Promise<Self> | null = null;
  const self = (): Promise<Self> => (known ??= readSelf(createWork(context.view), context.now()));
  const { account } = await self();
  const waiters = createJoinWaiters();
  const learned = createLearnedKeys();
  const dropCaches = (): void => {
    known = null;
    learned.clear();
  };
  return {
    context,
    self,
    submission: createSubmission(accessTo('smtp', account, context)),
    standing: createStanding(context),
    stopping: new AbortController(),
    flowing: { context, self, waiters, learned, dropCaches },
    reading: Promise.resolve(),
  };
}

/** Tells core how my own key reads when it is compared. */
async function tellIdentity({ context, self }: Running): Promise<void> {
  const { key } = await self();
  const value = key.certificate.fingerprint;
  await context.commit({ ...emptyCommit, inbound: [{ kind: 'cursor', name: 'identity', value }] });
}

async function begin(context: LaneContext): Promise<Running> {
  const running = await startRunning(context);
  await tellIdentity(running);
  running.reading = keepReading(running);
  return running;
}

async function end({ stopping, flowing, submission, standing, reading }: Running): Promise<void> {
  stopping.abort();
  flowing.waiters.close();
  submission.close();
  standing.close();
  await reading;
  forgetParsedKeys();
}

/** Runs tasks of one name one after the other. */
function createQueues(): <T>(name: string, task: () => Promise<T>) => Promise<T> {
  const last = new Map<string, Promise<unknown>>();
  return (name, task) => {
    const run = (last.get(name) ?? Promise.resolve()).then(task, task);
    const settled = run.then(
      () => undefined,
      () => undefined,
    );
    last.set(name, settled);
    void settled.then(() => {
      if (last.get(name) === settled) last.delete(name);
    });
    return run;
  };
}

/** The e-mail lane: OpenPGP over IMAP and SMTP, Delta Chat compatible. */
export const createLane: CreateLane = (): Lane => {
  const run = createLaneRun<Running>({ start: begin, stop: end });
  const inOrder = createQueues();
  const mustRun = (): Flowing => {
    if (run.now === null) throw new PlainsealError('gone', 'the lane does not run');
    return run.now.flowing;
  };

  async function* flow(
    start: FlowStart,
    context: LaneContext,
    signal: AbortSignal,
  ): AsyncGenerator<FlowStep, AccountSetup | null, FlowAnswer | undefined> {
    if (start.kind === 'add-account') return yield* addAccount(start.args, context, signal);
    if (run.now === null) {
      yield { kind: 'failed', why: 'internal' };
      return null;
    }
    const { flowing } = run.now;
    switch (start.kind) {
      case 'invite':
        return yield* invite(flowing, signal);
      case 'join':
        return yield* join(flowing, start.link, signal);
      case 'chat':
        return yield* chat(flowing, start.address);
      case 'check':
        return yield* check(flowing, start.peer);
      case 'sign-in':
        return yield* signIn(flowing, signal, () => run.beginAnew(context));
      case 'relays':
      case 'prove-person':
        yield { kind: 'failed', why: 'not-possible' };
        return null;
      default:
        return assertNever(start);
    }
  }

  return {
    start: (context) => run.start(context),
    stop: () => run.stop(),
    perform(item, signal) {
      const { now } = run;
      if (now === null)
        return Promise.resolve({ kind: 'later', retryAt: retryAt(Date.now(), item.attempts) });
      const { context, self, submission, standing, flowing } = now;
      const { dropCaches } = flowing;
      const performing = { context, self, submission, standing, dropCaches, random: Math.random };
      return inOrder(item.intent.conversation ?? '', () => perform(performing, item, signal));
    },
    // E-mail has no typing notice.
    hint: () => undefined,
    exportKey: async (passphrase) => exportOwn(mustRun(), passphrase),
    importKey: async (text, passphrase) => importOwn(mustRun(), text, passphrase),
    flow,
  };
};
