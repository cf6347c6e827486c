import { sealAttachment } from '../../crypto/signal/attachment.ts';
import { createSignalEngine } from '../../crypto/signal/create-engine.ts';
import { createChallenge } from '../../networks/signal/challenge.ts';
import { resumeChallenged } from '../../networks/signal/forecast.ts';
import { createLocks } from '../../networks/signal/locks.ts';
import { conversationWith, peerOf } from '../../networks/signal/names.ts';
import { unknownPeer, readPeer, writePeer } from '../../networks/signal/peer-record.ts';
import { perform, type Performing } from '../../networks/signal/perform.ts';
import {
  readProfile,
  unknownProfile,
  writeProfile,
  type ProfileRecord,
} from '../../networks/signal/profile-record.ts';
import { createRenewals } from '../../networks/signal/renewals.ts';
import { createSealedSender } from '../../networks/signal/sealed-sender.ts';
import { openNetwork, OWN_DEVICE, type TestNetwork } from '../../networks/signal/test/network.ts';
import type { OtherAccount, OtherDevice } from '../../networks/signal/test/other-side.ts';
import { createSweeper } from '../../networks/signal/sweeper.ts';
import { createTypingHints } from '../../networks/signal/typing-hint.ts';
import { textOnly, type Content } from '../../shared/contract/content.ts';
import type { SendState } from '../../shared/contract/conversation.ts';
import type { MessageRow } from '../../shared/contract/message.ts';
import type { ConversationId, MessageId, Millis } from '../../shared/ids.ts';
import { emptyCommit, type Commit } from '../../shared/lane/commit.ts';
import type { CrashPoint, Lane, LaneContext, LaneStatus } from '../../shared/lane/lane.ts';
import type { Work } from '../../shared/lane/state.ts';
import { createWork } from '../../shared/lane/work.ts';
import { request, startRig, type Rig } from './rig.ts';
import { ACCOUNT, addTestAccount } from './scripted.ts';

type MessageOf = Extract<MessageRow, { readonly kind: 'message' }>;

/** For tests: the sending side of Signal between the real core and a service in memory. */
export interface SignalWorld {
  readonly rig: Rig;
  readonly network: TestNetwork;
  /** What the lane wanted to commit, whatever became of it. */
  readonly commits: readonly Commit[];
  readonly statuses: readonly LaneStatus[];
  readonly logged: readonly string[];
  performing(): Performing;
  /** Commits as the lane would. */
  commit(part: Partial<Commit> & { readonly write?: (work: Work) => Promise<void> }): Promise<void>;
  /** Somebody with an account, and my conversation with them. `devices`: how many they have. */
  meet(of?: {
    readonly devices?: number;
    /** What I know of their profile. */
    readonly profile?: (account: OtherAccount) => Partial<ProfileRecord>;
  }): Promise<{
    readonly account: OtherAccount;
    readonly chat: ConversationId;
  }>;
  say(chat: ConversationId, content: Content | string): Promise<MessageId>;
  row(id: MessageId): Promise<MessageOf>;
  /** Resolves once a message stands so. */
  until(id: MessageId, state: SendState): Promise<MessageOf>;
  /** Resolves once something that core tells of fits. */
  eventually(fits: () => boolean | Promise<boolean>): Promise<void>;
  /** What waits for its time is tried now. */
  hurry(): void;
  /** A retry request as the engine makes it, for something a device sent then. */
  retryRequest(from: OtherDevice, sentAt: Millis): Uint8Array;
  /** Resolves once no typing notice is under way. */
  idle(): Promise<void>;
  /** No connection, or one again. */
  connect(on: boolean): void;
  /** A promise it gives is waited for. */
  onCrashPoint(how: ((name: CrashPoint) => unknown) | null): void;
  close(): Promise<void>;
}

export async function openSignalWorld(): Promise<SignalWorld> {
  const network = openNetwork();
  const commits: Commit[] = [];
  const statuses: LaneStatus[] = [];
  const logged: string[] = [];
  const looks = new Set<() => void>();
  const told = (): void => {
    for (const look of looks) look();
  };
  let crash: ((name: CrashPoint) => unknown) | null = null;
  let performing: Performing | null = null;
  const { promise: started, resolve: begin } = Promise.withResolvers<void>();
  let connected = true;
  const given = (): Performing => {
    if (performing === null) throw new Error('the lane has not been started');
    return performing;
  };

  function start(core: LaneContext): Performing {
    const context: LaneContext = {
      ...core,
      commit: (commit) => {
        commits.push(commit);
        return core.commit(commit).finally(() => setImmediate(told));
      },
      status: (status) => {
        statuses.push(status);
        core.status(status);
      },
      crashPoint: async (name) => {
        await crash?.(name);
      },
      log: (event, facts) => {
        logged.push(JSON.stringify([event, facts]));
      },
    };
    const withLocks = createLocks();
    const identities = {
      aci: network.me.service,
      pni: null,
      device: OWN_DEVICE,
      aciRegistrationId: 1,
      pniRegistrationId: 1,
      aciIdentityKey: network.me.identity.serialize(),
      pniIdentityKey: null,
      trustRoots: [],
    };
    return {
      context,
      own: {
        service: network.me.service,
        device: OWN_DEVICE,
        identityKey: network.me.identityKey,
        profileKey: network.me.profileKey,
      },
      engine: createSignalEngine(identities),
      service: () => (connected ? network.service : null),
      withLocks,
      sealedSender: createSealedSender(network.me.service),
      challenge: createChallenge(
        context,
        () => {
          if (connected) context.status({ kind: 'online' });
        },
        (conversations) => resumeChallenged(given(), conversations),
      ),
      renewals: createRenewals(),
      sweeper: createSweeper(context, withLocks),
      sealFile: sealAttachment,
    };
  }

  const typing = createTypingHints();
  let hints: Promise<unknown> = Promise.resolve();
  const lane: Lane = {
    start: async (context) => {
      performing = start(context);
      context.status({ kind: 'online' });
      begin();
    },
    stop: async () => {
      performing?.challenge.close();
      performing?.sweeper.close();
    },
    perform: (item, signal) => perform(given(), item, signal).finally(() => setImmediate(told)),
    hint: (hint) => {
      hints = Promise.all([hints, typing.hint(given(), hint)]);
    },
    // oxlint-disable-next-line require-yield
    flow: async function* () {
      return null;
    },
  };
  const rig = await startRig({
    lanes: { signal: () => lane },
    prepare: (db) => addTestAccount(db, 'signal'),
  });
  await started;

  async function commitPart({ write, ...part }: Parameters<SignalWorld['commit']>[0]): Promise<void> {
    const { context } = given();
    const work = createWork(context.view);
    await write?.(work);
    const result = await context.commit({ ...emptyCommit, ...part, work: work.writes() });
    if (!result.ok) throw new Error(result.why);
  }

  async function rowOf(id: MessageId): Promise<MessageOf> {
    const [row] = (await rig.page.call('message.rows', { ids: [id] })).rows;
    if (row?.kind !== 'message') throw new Error('no such message');
    return row;
  }

  const world: SignalWorld = {
    rig,
    network,
    commits,
    statuses,
    logged,
    performing: given,
    commit: commitPart,
    async meet({ devices = 1, profile } = {}) {
      const account = network.meet();
      for (let device = 2; device <= devices; device++) account.setUp(device);
      const chat = conversationWith(ACCOUNT, account.service);
      await commitPart({
        changes: [
          {
            kind: 'peer',
            peer: peerOf(account.service),
            identity: account.service,
            address: null,
            name: 'Al',
          },
          {
            kind: 'conversation',
            id: chat,
            patch: { kind: 'direct', peer: peerOf(account.service), protocol: 'signal', state: 'active' },
          },
        ],
        write: async (work) => {
          await readPeer(work, account.service);
          writePeer(work, account.service, { ...unknownPeer, accepted: true, conversation: true });
          await readProfile(work, account.service);
          if (profile !== undefined)
            writeProfile(work, account.service, { ...unknownProfile, ...profile(account) });
        },
      });
      return { account, chat };
    },
    async say(chat, content) {
      const { labelRevision } = await rig.page.call('conversation.get', { conversation: chat });
      const sent = await rig.page.call('message.send', {
        request: request(),
        conversation: chat,
        content: typeof content === 'string' ? textOnly(content) : content,
        seenLabel: labelRevision,
      });
      return sent.id;
    },
    row: rowOf,
    async until(id, state) {
      await world.eventually(async () => (await rowOf(id)).sending?.state === state);
      return rowOf(id);
    },
    async eventually(fits) {
      while (!(await fits()))
        await new Promise<void>((resolve) => {
          const look = (): void => {
            looks.delete(look);
            resolve();
          };
          looks.add(look);
          void rig.page
            .until('changed', ({ seq }) => seq > seen)
            .then(({ seq }) => {
              seen = seq;
              look();
            });
        });
    },
    retryRequest: (from, sentAt) => from.retryRequest(sentAt),
    async idle() {
      // Its answer comes behind whatever core has handed to the lane by now.
      await commitPart({});
      await hints;
    },
    hurry: () => {
      const { context } = given();
      context.status({ kind: 'connecting' });
      context.status({ kind: 'online' });
    },
    connect: (on) => {
      connected = on;
    },
    onCrashPoint: (how) => {
      crash = how;
    },
    close: () => rig.close(),
  };
  let seen = 0;
  return world;
}
