import type { GroupKey } from '../../../crypto/mls/cells.ts';
import { textOnly } from '../../../shared/contract/content.ts';
import type { ConversationId, NetworkKey, OutboxId } from '../../../shared/ids.ts';
import type { Intent, OutboxItem } from '../../../shared/lane/intent.ts';
import { isSigned, readOwnEvent, type EventId, type Rumor, type SignedEvent } from '../event.ts';
import { converge, mustRecord } from '../group/converge.ts';
import { datedNext } from '../group/dated.ts';
import { eventKey } from '../group/event-keys.ts';
import { foundGroup } from '../group/found.ts';
import type { Found } from '../group/invitees.ts';
import { GIFT_WRAP_KIND } from '../gift-wrap.ts';
import type { PublicKey } from '../keys.ts';
import { sealGroupEvent } from '../marmot/group-event.ts';
import { conversationWith } from '../names.ts';
import { readPeer, writePeer } from '../peer-record.ts';
import { performMessage } from '../perform-message.ts';
import { receive, type Arrival } from '../receive.ts';
import { owedFanouts } from '../fanout.ts';
import { transact } from '../turn.ts';
import type { RelayUrl } from '../relay-url.ts';
import { RELAY, startTrial, type Trial } from './trial.ts';

/** Somebody over state in memory: what they send is taken out of what they commit, and given to others by hand. */
export interface Member extends Trial {
  readonly key: PublicKey;
  /** Says something, or says again what was given back. */
  say(conversation: ConversationId, text: string): Promise<void>;
  /** What has been sealed since it was asked last: invitations, then events of groups. */
  sent(): Promise<readonly SignedEvent[]>;
  take(events: readonly Rumor[]): Promise<void>;
  /** Texts that came in, in order, each as often as it came under another id. */
  texts(): readonly string[];
  /** Texts of mine that a commit gave back to be said again, since it was asked last. */
  givenBack(): readonly string[];
  /** Follows what somebody invites to. */
  accept(other: Pick<Member, 'key'>): Promise<void>;
  /** A key package, as others find it. */
  offer(): Promise<Found>;
  /** New keys of their own, in force at once; gives the commit for the others. */
  renew(group: GroupKey): Promise<SignedEvent>;
  /** Founds a conversation of two. */
  found(other: Member): Promise<ConversationId>;
}

/** An item of the outbox that nobody has begun. */
export const itemOf = (name: string, intent: Intent): OutboxItem => ({
  id: name as OutboxId,
  state: 'queued',
  artifacts: [],
  attempts: 0,
  intent,
});

/** Somebody whose clock is `aheadMs` off. `relays`: see {@link startTrial}. */
export async function openMember(
  aheadMs: () => number = () => 0,
  relays: readonly RelayUrl[] = [RELAY],
): Promise<Member> {
  const trial = await startTrial(() => ({ now: () => Date.now() + aheadMs() }), { relays });
  const { running, commits } = trial;
  const said = new Map<OutboxId, string>();
  const tried = new Set<string>();
  let [seen, back] = [0, 0];

  const item = (conversation: ConversationId, text: string): OutboxItem =>
    itemOf(`item ${text}`, {
      conversation,
      sentAt: 1_750_000_000_000,
      what: { kind: 'content', key: `key ${text}` as NetworkKey, content: textOnly(text) },
    });
  const member: Member = {
    ...trial,
    key: running.self.key,
    async say(conversation, text) {
      const one = item(conversation, text);
      said.set(one.id, text);
      await performMessage(running, one, new AbortController().signal);
    },
    async sent() {
      const events: SignedEvent[] = [];
      for (const { outbound } of commits.slice(seen))
        for (const { bytes } of outbound.flatMap(({ artifacts }) => artifacts ?? []))
          if (bytes instanceof Uint8Array)
            events.push(signed(JSON.parse(Buffer.from(bytes).toString('utf8'))));
      seen = commits.length;
      const { pending } = await owedFanouts(trial.state.work(), running.context.now());
      for (const { id, operation } of pending) {
        if (tried.has(id)) continue;
        tried.add(id);
        events.push(signed((JSON.parse(operation.text) as readonly unknown[])[1]));
      }
      // A group is asked for once one is in it.
      return events.toSorted((a, b) => b.kind - a.kind);
    },
    async take(events) {
      const arrivals = events.map((event): Arrival =>
        event.kind === GIFT_WRAP_KIND && isSigned(event)
          ? { kind: 'wrap', event, relay: RELAY }
          : { kind: 'group', event, relay: RELAY },
      );
      await receive(running, arrivals, () => undefined);
    },
    texts() {
      const texts = new Map<string, string>();
      for (const { changes } of commits)
        for (const change of changes)
          if (change.kind === 'message') texts.set(change.target.key, change.content.text);
      return [...texts.values()];
    },
    givenBack() {
      const steps = commits.slice(back).flatMap(({ outbound }) => outbound);
      back = commits.length;
      return steps.filter(({ to }) => to === 'queued').map(({ item: id }) => said.get(id) ?? '');
    },
    async accept({ key }) {
      await transact(running, async ({ work }) =>
        writePeer(work, key, { ...(await readPeer(work, key)), accepted: true }),
      );
    },
    async offer() {
      const { value } = await transact(running, ({ work, now }) => running.engine.makeKeyPackage(work, now));
      const keyPackageEvent = value.ref.slice(0, 64) as EventId;
      return { key: running.self.key, keyPackageEvent, inbox: [RELAY], keyPackage: value.message };
    },
    async renew(group) {
      const { engine } = running;
      const { value } = await transact(running, async (turn) => {
        const { current } = await engine.standing(group, turn.work);
        const key = await eventKey(turn, group, current.id);
        const staged = await engine.stage(group, [], turn.work, turn.now);
        if (staged.kind === 'refused') throw new Error(staged.why);
        await engine.applyPending(group, staged.digest, turn.work, turn.now);
        await converge(turn, group);
        const { routing } = await mustRecord(turn, group);
        return sealGroupEvent(key, routing, staged.commit, await datedNext(turn, group));
      });
      return value;
    },
    async found(other) {
      const conversation = conversationWith(running.context.account, other.key);
      const found = await other.offer();
      await member.accept(other);
      const { value } = await transact(running, (turn) =>
        foundGroup(turn, { conversation, direct: other.key, title: '', members: [found] }),
      );
      if (value.kind === 'failed') throw new Error(value.failure);
      return conversation;
    },
  };
  return member;
}

function signed(value: unknown): SignedEvent {
  const event = readOwnEvent(value);
  if (event === null) throw new Error('not an event');
  return event;
}
