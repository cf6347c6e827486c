import type { Socket } from 'node:net';
import { PlainsealError } from '../../shared/errors.ts';
import type { EnvelopeKey } from '../../shared/ids.ts';
import { emptyCommit } from '../../shared/lane/commit.ts';
import { isQuiet, type OutboxItem } from '../../shared/lane/intent.ts';
import type { CreateLane, Lane, LaneContext, Performed } from '../../shared/lane/lane.ts';
import { addressOf, facts, quarantined, received } from './changes.ts';
import { flow, SELF, type Self } from './flow.ts';
import { guard, type Operation } from './guard.ts';
import { connectServer, encodeLine, readLines, type Mail } from './wire.ts';

/** Before the next try to connect. */
const RETRY_MS = 250;
/** How long an answer of the server may take. */
const ANSWER_MS = 5_000;
/** A mail with this text ends the process as native code does that fails: the tests' poison. */
const POISON = 'PLAINSEAL-TEST-ABORT';

/** The lane of the test network: a process of its own without any encryption, to prove that such a lane fits. */
export const createLane: CreateLane = () => {
  let context: LaneContext | null = null;
  let self: Self | null = null;
  let socket: Socket | null = null;
  let stopped = true;
  let retry: ReturnType<typeof setTimeout> | null = null;
  let opening: Promise<void> = Promise.resolve();
  const answers = new Map<string, () => void>();

  /** The only way to the socket. */
  function emit(operation: Operation): void {
    const verdict = guard.check(operation, () => false);
    if (verdict !== 'pass') throw new PlainsealError('refused', `guard: ${verdict.stop}`);
    if (!socket) throw new PlainsealError('offline', 'not connected');
    socket.write(operation.bytes);
  }

  async function connect(): Promise<void> {
    const of = mustRun();
    of.context.status({ kind: 'connecting' });
    try {
      const made = await connectServer(of.self.port);
      if (stopped) return void made.destroy();
      socket = made;
      made.on('error', () => undefined);
      made.on('close', () => {
        if (socket !== made) return;
        socket = null;
        later();
      });
      readLines(made, (line) => {
        if (line.op === 'accepted') answers.get(line.key)?.();
        else if (line.op === 'mail')
          opening = opening.then(() => open(line)).catch(() => void made.destroy());
      });
      emit({ kind: 'hello', bytes: encodeLine({ op: 'hello', address: of.self.address }) });
      of.context.status({ kind: 'online' });
    } catch {
      later();
    }
  }

  function later(): void {
    if (stopped) return;
    context?.status({ kind: 'offline', retryAt: mustRun().context.now() + RETRY_MS });
    retry = setTimeout(() => void connect(), RETRY_MS);
  }

  function mustRun(): { readonly context: LaneContext; readonly self: Self } {
    if (!context || !self) throw new PlainsealError('refused', 'the lane has not been started');
    return { context, self };
  }

  async function open(mail: Mail): Promise<void> {
    const of = mustRun();
    const envelope = mail.id as EnvelopeKey;
    await of.context.credit(mail.text.length);
    const verdict = of.context.careful ? await of.context.mark(envelope) : 'open';
    if (verdict === 'open' && mail.text === POISON) process.abort();
    const commit =
      verdict === 'open' ? received(of.context, mail, envelope) : quarantined(of.context, mail, envelope);
    await of.context.crashPoint('lane.before-commit');
    const result = await of.context.commit(commit);
    await of.context.crashPoint('lane.after-commit');
    if (!result.ok) throw new PlainsealError('conflict', result.why);
    await of.context.crashPoint('lane.before-acknowledge');
    emit({ kind: 'ack', bytes: encodeLine({ op: 'ack', id: mail.id }) });
    await of.context.crashPoint('lane.after-acknowledge');
  }

  async function perform(item: OutboxItem): Promise<Performed> {
    const of = mustRun();
    const now = of.context.now();
    const { intent } = item;
    if (!socket) return { kind: 'later', retryAt: now + RETRY_MS };
    if (intent.what.kind !== 'content' || !intent.conversation) {
      await of.context.commit({
        ...emptyCommit,
        outbound: [
          isQuiet(intent)
            ? { item: item.id, to: 'cancelled' }
            : { item: item.id, to: 'failed', failure: 'not-possible' },
        ],
      });
      return { kind: 'done' };
    }
    const { key, content } = intent.what;
    const to = addressOf(intent.conversation);
    let bytes = item.artifacts[0]?.bytes;
    if (item.state === 'queued' || !(bytes instanceof Uint8Array)) {
      bytes = encodeLine({
        op: 'send',
        to,
        mail: {
          op: 'mail',
          id: key,
          from: of.self.address,
          key,
          sentAt: intent.sentAt,
          text: content.text,
        },
      });
      const sealed = await of.context.commit({
        ...emptyCommit,
        forecasts: [{ conversation: intent.conversation, facts: [facts(now)], hold: null }],
        outbound: [
          {
            item: item.id,
            to: 'sealed',
            artifacts: [{ to, identity: to, bytes, outcome: 'pending' }],
            evidence: {
              how: 'in-the-clear',
              from: of.self.address,
              at: now,
              facts: [facts(now)],
              details: [],
            },
          },
        ],
      });
      if (!sealed.ok) return { kind: 'done' };
    }
    await of.context.crashPoint('lane.before-wire-write');
    const accepted = answer(key);
    emit({ kind: 'send', conversation: intent.conversation, bytes });
    await of.context.crashPoint('lane.after-wire-write');
    if (!(await accepted)) return { kind: 'later', retryAt: of.context.now() + RETRY_MS };
    await of.context.commit({
      ...emptyCommit,
      outbound: [
        { item: item.id, to: 'sent', artifacts: [{ to, identity: to, bytes, outcome: 'accepted' }] },
      ],
    });
    return { kind: 'done' };
  }

  /** Whether the server took it in time. */
  function answer(key: string): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (taken: boolean): void => {
        clearTimeout(timer);
        answers.delete(key);
        resolve(taken);
      };
      const timer = setTimeout(() => end(false), ANSWER_MS);
      answers.set(key, () => end(true));
    });
  }

  const lane: Lane = {
    async start(given) {
      context = given;
      const cell = await given.view.get(SELF);
      if (!cell) throw new PlainsealError('corrupt', 'the account has no record');
      self = JSON.parse(new TextDecoder().decode(cell.value)) as Self;
      stopped = false;
      void connect();
    },
    async stop() {
      stopped = true;
      if (retry) clearTimeout(retry);
      socket?.destroy();
      socket = null;
      await opening;
    },
    perform,
    hint: () => undefined,
    flow,
  };
  return lane;
};
