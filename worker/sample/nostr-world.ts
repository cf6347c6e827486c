import { readKeyCode } from '../../networks/nostr/key-code.ts';
import { createLane } from '../../networks/nostr/lane.ts';
import { textOnly, type Content } from '../../shared/contract/content.ts';
import type { ConversationRow } from '../../shared/contract/conversation.ts';
import type { MessageRow } from '../../shared/contract/message.ts';
import type { AccountId, ConversationId, MessageId, PeerId } from '../../shared/ids.ts';
import type { FlowStep } from '../../shared/lane/flow.ts';
import type { Lane, LaneContext } from '../../shared/lane/lane.ts';
import type { GroupEdit } from '../../shared/lane/intent.ts';
import type { StateView } from '../../shared/lane/state.ts';
import { pipePair } from '../../shared/wire/pair.ts';
import type { Pipe } from '../../shared/wire/pipe.ts';
import { getCell, scanCells } from '../../storage/lane-state.ts';
import { hostLane } from '../lane/host.ts';
import { wholeHistory } from './history.ts';
import { request, startRig, type Rig } from './rig.ts';

type Row = Extract<MessageRow, { readonly kind: 'message' }>;

/** For tests: somebody on Nostr, with a core and a database of their own and the real lane over real relays. */
export interface Somebody {
  readonly name: string;
  readonly rig: Rig;
  readonly account: AccountId;
  /** `npub1…` */
  readonly address: string;
  readonly peer: PeerId;
  flow(start: Parameters<Rig['page']['flow']>[0]['start']): Promise<FlowStep>;
  /** Opens the conversation with somebody. */
  chat(address: string): Promise<ConversationId>;
  accept(conversation: ConversationId): Promise<void>;
  say(conversation: ConversationId, content: Content | string): Promise<MessageId>;
  /** Makes a group. */
  found(title: string, members: readonly PeerId[]): Promise<ConversationId>;
  change(conversation: ConversationId, change: GroupEdit): Promise<void>;
  /** As the person does when a message waits since somebody has joined meanwhile: looks, and lets it go. */
  agree(): Promise<void>;
  rows(): Promise<readonly ConversationRow[]>;
  row(conversation: ConversationId): Promise<ConversationRow>;
  messages(conversation: ConversationId): Promise<readonly Row[]>;
  texts(conversation: ConversationId): Promise<readonly string[]>;
  /** Resolves once something fits; looks again whenever core has news, and now and then besides. */
  eventually(what: string, fits: () => Promise<boolean> | boolean, ms?: number): Promise<void>;
  /** The conversation that fits, once there is one. */
  conversation(what: string, fits: (row: ConversationRow) => boolean, ms?: number): Promise<ConversationId>;
  /** Why events were set aside. */
  setAside(): readonly string[];
  online(): Promise<void>;
  /** What the lane has told the developer's log, and how often. */
  readonly logged: ReadonlyMap<string, number>;
  /** What it has told last, the newest at the end. */
  readonly recent: readonly string[];
  /** The lane dies without a word; core starts another. */
  killLane(): void;
  close(): Promise<void>;
}

const LOOK_MS = 50;
const LOOK_LONGEST_MS = 20_000;
const MOST_RECENT = 30;

/**
 * Adds an account in one step and waits until it is connected. `copyOf`: begins as a copy of somebody's profile instead, whose account
 * is stopped.
 */
export async function openSomebody(
  name: string,
  relays: readonly string[],
  copyOf?: Somebody,
): Promise<Somebody> {
  let lane: Pipe | null = null;
  const logged = new Map<string, number>();
  const recent: string[] = [];
  const rig = await startRig({
    ...(copyOf ? { copyOf: copyOf.rig } : {}),
    connect: () => () => {
      const [near, far] = pipePair();
      hostLane(far, () => Promise.resolve(() => counting(createLane(), logged, recent)));
      lane = near;
      return near;
    },
  });
  const added = copyOf
    ? null
    : await rig.page.flow({
        account: null,
        network: 'nostr',
        start: { kind: 'add-account', args: { relays: relays.join(' '), displayName: name } },
      });
  if (added && added.kind !== 'done') throw new Error(`${name} has no account: ${JSON.stringify(added)}`);
  const row = rig.db.get<{ readonly id: AccountId; readonly address: string }>(
    'SELECT id, address FROM account',
  );
  if (row === undefined) throw new Error('no account');
  const account = row.id;

  const eventually: Somebody['eventually'] = async (what, fits, ms = LOOK_LONGEST_MS) => {
    const end = Date.now() + ms;
    while (!(await fits())) {
      if (Date.now() > end) throw new Error(`${name} waited in vain: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  };
  const somebody: Somebody = {
    name,
    rig,
    account,
    address: row.address,
    peer: `nostr|${keyFrom(rig)}` as PeerId,
    flow: (start) => rig.page.flow({ account, network: 'nostr', start }),
    async chat(address) {
      const step = await somebody.flow({ kind: 'chat', address });
      if (step.kind !== 'done' || step.conversation === null) throw new Error(JSON.stringify(step));
      return step.conversation;
    },
    async accept(conversation) {
      await rig.page.call('conversation.accept', { request: request(), conversation });
    },
    async say(conversation, content) {
      const { labelRevision } = await somebody.row(conversation);
      const sent = await rig.page.call('message.send', {
        request: request(),
        conversation,
        content: typeof content === 'string' ? textOnly(content) : content,
        seenLabel: labelRevision,
      });
      return sent.id;
    },
    async found(title, members) {
      const made = await rig.page.call('group.create', {
        request: request(),
        account,
        title,
        members: [...members],
      });
      return made.conversation;
    },
    async change(conversation, change) {
      const { labelRevision } = await somebody.row(conversation);
      await rig.page.call('group.change', {
        request: request(),
        conversation,
        change,
        seenLabel: labelRevision,
      });
    },
    async agree() {
      for (const { id, label, labelRevision } of await somebody.rows()) {
        if (label.sending.ok || label.sending.why !== 'label-fell') continue;
        const choice = {
          request: request(),
          conversation: id,
          choice: 'send',
          seenLabel: labelRevision,
        } as const;
        // Somebody else may have joined again: then it is looked at once more.
        await rig.page.call('hold.resolve', choice).catch(() => undefined);
      }
    },
    async rows() {
      const all: ConversationRow[] = [];
      for (const filter of ['all', 'requests'] as const)
        all.push(...(await rig.page.call('inbox.page', { filter, before: null, limit: 50 })).rows);
      return [...new Map(all.map((one) => [one.id, one])).values()];
    },
    row: (conversation) => rig.page.call('conversation.get', { conversation }),
    async messages(conversation) {
      const rows = await wholeHistory(rig.page.call, conversation);
      return rows.filter((one): one is Row => one.kind === 'message');
    },
    async texts(conversation) {
      return (await somebody.messages(conversation)).map(({ content }) => content?.text ?? '');
    },
    eventually,
    async conversation(what, fits, ms) {
      let found: ConversationId | undefined;
      await eventually(
        what,
        async () => {
          found = (await somebody.rows()).find(fits)?.id;
          return found !== undefined;
        },
        ms,
      );
      if (found === undefined) throw new Error(what);
      return found;
    },
    setAside: () =>
      rig.db
        .all<{ readonly why: string }>("SELECT why FROM inbound WHERE outcome = 'quarantined'")
        .map(({ why }) => why),
    async online() {
      await eventually('online', async () => {
        const { rows } = await rig.page.call('account.list', {});
        return rows[0]?.status.kind === 'online';
      });
    },
    logged,
    recent,
    killLane: () => lane?.close(),
    close: () => rig.close(),
  };
  if (!copyOf) await somebody.online();
  return somebody;
}

/** What the lane of somebody has stored. */
export function viewOf({ rig, account }: Pick<Somebody, 'rig' | 'account'>): StateView {
  return {
    get: async (key) => getCell(rig.db, account, key),
    scan: async (space, prefix) => scanCells(rig.db, account, space, prefix),
  };
}

/** A lane that is heard. */
function counting(lane: Lane, logged: Map<string, number>, recent: string[]): Lane {
  const log = ({ log: tell, ...context }: LaneContext): LaneContext => ({
    ...context,
    log(event, facts) {
      logged.set(event, (logged.get(event) ?? 0) + 1);
      if (event === 'relay-ended') return tell(event, facts);
      recent.push(`${new Date().toISOString().slice(14, 23)} ${event} ${JSON.stringify(facts)}`);
      if (recent.length > MOST_RECENT) recent.shift();
      tell(event, facts);
    },
  });
  return { ...lane, start: (context) => lane.start(log(context)) };
}

/** The key in the account's state: the identity cursor holds its npub, peers are named by hex. */
function keyFrom(rig: Rig): string {
  const row = rig.db.get<{ readonly value: string }>("SELECT value FROM cursor WHERE name = 'identity'");
  const code = row && readKeyCode(row.value);
  if (code?.kind !== 'npub') throw new Error('no identity');
  return code.key;
}
