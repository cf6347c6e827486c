import fc from 'fast-check';
import { timerChoices } from '../../shared/contract/conversation.ts';
import { callSchemas, type CallName } from '../../shared/contract/calls.ts';
import { freshId, networks, type FlowId } from '../../shared/ids.ts';
import { floors } from '../../shared/label/floor.ts';
import { decodeFrame, encodeFrame } from '../../shared/wire/codec.ts';
import { ALICE } from './scene.ts';
import { ACCOUNT, CHAT } from './scripted.ts';

/** A frame that cannot be read (a member called `__proto__`) is dropped: nobody hears an answer to it. */
function isReadable(value: unknown): boolean {
  try {
    decodeFrame(encodeFrame(value));
    return true;
  } catch {
    return false;
  }
}
const anything = fc
  .anything({
    maxDepth: 2,
    withNullPrototype: false,
    withBigInt: false,
    withDate: false,
    withSparseArray: false,
  })
  .filter(isReadable);
const conversation = fc.constantFrom<string>(CHAT, 'nobody', `${ACCOUNT}|email|BOB`);
const account = fc.constantFrom<string>(ACCOUNT, 'nobody');
const peer = fc.constantFrom<string>(ALICE, 'email|BOB', 'nostr|X');
const request = fc.oneof(fc.uuid(), fc.constantFrom('a-repeated-request', 'another-repeated-request'));
const file = fc.constantFrom('00000000-0000-4000-8000-000000000000', '../../etc/passwd');
const small = fc.integer({ min: 0, max: 5 });
const limit = fc.integer({ min: 1, max: 200 });
const content = fc.record({
  text: fc.oneof(fc.string({ unit: 'binary', maxLength: 50 }), fc.constant('')),
  ranges: fc.array(
    fc.record({
      at: fc.nat(99),
      length: fc.integer({ min: 1, max: 99 }),
      as: fc.constantFrom('bold', 'mono'),
    }),
    { maxLength: 3 },
  ),
  files: fc.array(file, { maxLength: 1 }),
});
const start = fc.oneof(
  fc.record({
    kind: fc.constant('add-account'),
    args: fc.dictionary(fc.string({ maxLength: 9 }), fc.string({ maxLength: 9 }), { maxKeys: 2 }),
  }),
  fc.record({ kind: fc.constant('join'), link: fc.string() }),
  fc.record({ kind: fc.constant('chat'), address: fc.string({ maxLength: 20 }) }),
  fc.record({ kind: fc.constant('check'), peer }),
);

const groupEdit = fc.oneof(
  fc.record({ act: fc.constant('add'), peers: fc.array(peer, { maxLength: 3 }) }),
  fc.record({ act: fc.constantFrom('remove', 'promote', 'demote'), peer }),
  fc.record({ act: fc.constant('rename'), title: fc.string({ maxLength: 9 }) }),
  fc.record({ act: fc.constant('leave') }),
);

/** Arguments of the right shape, or nearly: what gets past the border and into the rules. */
const shaped = (message: fc.Arbitrary<string>): Readonly<Record<CallName, fc.Arbitrary<unknown>>> => ({
  'profile.get': fc.constant({}),
  'account.go-on': fc.record({ request, account }),
  'profile.phrase': fc.record({ request }),
  'profile.passphrase': fc.record({ request, act: fc.constantFrom('set', 'change', 'remove') }),
  'account.list': fc.constant({}),
  // Of one that is not there: the rest of the calls still need theirs. So with a block.
  'account.remove': fc.record({ request, account: fc.constant('nobody') }),
  'account.reconnect': fc.record({ account }),
  'disclosure.list': fc.constant({}),
  'disclosure.accept': fc.record({ request, network: fc.constantFrom(...networks), version: small }),
  'disclosure.ledger': fc.constant({}),
  'disclosure.withdraw': fc.record({ request, network: fc.constantFrom('signal', 'nostr') }),
  'inbox.page': fc.record({
    filter: fc.constantFrom('all', 'unread', 'stopped', 'requests', 'drafts', 'archived'),
    before: fc.option(fc.record({ at: fc.maxSafeNat(), id: conversation })),
    limit,
  }),
  'inbox.counts': fc.constant({}),
  'conversation.get': fc.record({ conversation }),
  'person.get': fc.record({ peer }),
  'person.merge': fc.record({ request, peer, with: peer }),
  'person.apart': fc.record({ request, peer }),
  'person.block': fc.record({ request, peer: fc.constant('nobody') }),
  'person.unblock': fc.record({ request, peer }),
  'conversation.facts': fc.record({ conversation }),
  'conversation.set': fc.record(
    {
      request,
      conversation,
      pinned: fc.boolean(),
      muted: fc.boolean(),
      tellsRead: fc.boolean(),
      tellsTyping: fc.boolean(),
      archived: fc.boolean(),
      title: fc.string(),
    },
    { requiredKeys: ['request', 'conversation'] },
  ),
  'conversation.read': fc.record({ conversation, upTo: message }),
  'contact.list': fc.record({ account, text: fc.string({ unit: 'binary', maxLength: 20 }), limit }),
  'conversation.timer': fc.record({ request, conversation, ms: fc.constantFrom(null, ...timerChoices, 1) }),
  'conversation.accept': fc.record({ request, conversation }),
  'conversation.block': fc.record({ request, conversation: fc.constant('nobody') }),
  'group.create': fc.record({
    request,
    account,
    title: fc.string({ maxLength: 9 }),
    members: fc.array(peer, { maxLength: 3 }),
  }),
  'group.change': fc.record({ request, conversation, change: groupEdit, seenLabel: small }),
  'group.members': fc.record({ conversation }),
  'peer.get': fc.record({ peer, account }),
  'peer.name': fc.record({ request, peer, account, name: fc.string({ maxLength: 9 }) }),
  'message.page': fc.record({
    conversation,
    around: fc.oneof(fc.constantFrom('end', 'first-unread'), message),
    side: fc.constantFrom('before', 'after', 'around'),
    limit,
  }),
  'message.rows': fc.record({ ids: fc.array(message) }),
  'message.details': fc.record({ id: message }),
  'message.send': fc.record({ request, conversation, content, seenLabel: small }),
  'message.cancel': fc.record({ request, id: message }),
  'message.retry': fc.record({ request, id: message }),
  'message.react': fc.record({
    request,
    id: message,
    emoji: fc.array(fc.constantFrom('👍', 'x'), { maxLength: 3 }),
    seenLabel: small,
  }),
  'message.delete': fc.record({ request, id: message }),
  'hold.resolve': fc.record({
    request,
    conversation,
    choice: fc.constantFrom('send', 'discard', 'check-first', 'accept-change'),
    seenLabel: small,
  }),
  'floor.get': fc.record({ peer: fc.option(peer) }),
  'floor.set': fc.record({ request, peer: fc.option(peer), floor: fc.constantFrom(...floors) }),
  'draft.save': fc.record({ conversation, content: fc.option(content) }),
  'file.pick': fc.constant({}),
  'file.begin': fc.record(
    {
      grant: fc.constant('g'),
      name: fc.string({ unit: 'binary', maxLength: 99 }),
      type: fc.string({ maxLength: 99 }),
      size: fc.nat(9),
    },
    { requiredKeys: ['name', 'type', 'size'] },
  ),
  'file.chunk': fc.record({ file, at: small, bytes: fc.uint8Array({ maxLength: 9 }), last: fc.boolean() }),
  'file.drop': fc.record({ file }),
  'file.read': fc.record({ file, at: fc.maxSafeNat(), length: limit }),
  'file.save': fc.record({ request, file }),
  search: fc.record({
    text: fc.oneof(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.constantFrom('"', 'NEAR(a b)', 'text OR *', "a'b"),
    ),
    in: fc.option(conversation),
    before: fc.option(message),
    limit,
  }),
  'settings.get': fc.constant({}),
  'settings.set': fc.record({
    request,
    patch: fc.record(
      { theme: fc.constantFrom('dark', 'light'), readReceipts: fc.boolean() },
      { requiredKeys: [] },
    ),
  }),
  'trust.set': fc.record({ request, peer, account }),
  'report.preview': fc.record({
    conversation,
    of: fc.option(peer),
    messages: fc.array(message, { maxLength: 3 }),
  }),
  'report.save': fc.record({
    request,
    conversation,
    of: fc.option(peer),
    messages: fc.array(message, { maxLength: 3 }),
    seen: fc.constant('0'.repeat(64)),
  }),
  'key.export': fc.record({ request, account }),
  'key.reveal': fc.record({ request, account }),
  'key.import': fc.record({ request, account }),
  'typing.set': fc.record({ conversation, on: fc.boolean() }),
  'flow.start': fc.record({
    request,
    account: fc.option(account),
    network: fc.constantFrom('email', 'nostr'),
    start,
  }),
  'flow.answer': fc.record({
    flow: fc.constant(freshId<FlowId>()),
    answer: fc.record({ kind: fc.constantFrom('yes', 'no') }),
  }),
  'flow.cancel': fc.record({ flow: fc.uuid() }),
});

/** Any call that a page can make, about the account, the conversation and the messages (`ids`) of a scripted lane, or about nothing that is there. */
export function pageCalls(
  ids: readonly string[],
): fc.Arbitrary<{ readonly name: CallName; readonly args: unknown }> {
  const message = fc.oneof(
    fc.integer({ min: 0, max: 4 }).map((n) => ids[n] ?? '0'),
    fc.constantFrom('0', '-1', '99999999999999999999', 'x'),
  );
  const whole = shaped(message);
  return fc.constantFrom(...(Object.keys(callSchemas) as CallName[])).chain((name) =>
    fc.record({
      name: fc.constant(name),
      args: fc.oneof(
        { weight: 6, arbitrary: whole[name] },
        { weight: 1, arbitrary: anything },
        // One member replaced by anything.
        {
          weight: 3,
          arbitrary: fc.tuple(whole[name], fc.nat(9), anything).map(([args, at, value]) => {
            const members = Object.keys(args as object);
            const member = members[at % Math.max(1, members.length)];
            return member === undefined ? args : { ...(args as object), [member]: value };
          }),
        },
      ),
    }),
  );
}
