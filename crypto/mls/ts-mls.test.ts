import {
  acceptAll,
  createApplicationMessage,
  createCommit,
  createGroup,
  decodeMlsMessage,
  defaultCapabilities,
  emptyPskIndex,
  encodeMlsMessage,
  generateKeyPackage,
  joinGroup,
  mlsExporter,
  processMessage,
  type ClientState,
  type Proposal,
} from 'ts-mls';
import { describe, expect, test } from 'vitest';
import { hexOf, utf8 } from './bytes.ts';
import type { GroupKey } from './cells.ts';
import { nodeSuite } from './suite.ts';
import { createParty, plainProfile, type Party } from './test/party.ts';

/** A member that is ts-mls itself, whole: its commits have no path where MLS can do without. */
interface Peer {
  state: ClientState;
}

/** ts-mls looks at the clock of the machine. */
const now = Date.now();
const seconds = BigInt(Math.floor(now / 1_000));
const lifetime = { notBefore: seconds - 60n, notAfter: seconds + 3_600n };
const make = (name: string) =>
  generateKeyPackage(
    { credentialType: 'basic', identity: utf8(name) },
    defaultCapabilities(),
    lifetime,
    [],
    nodeSuite,
  );
type Made = Awaited<ReturnType<typeof make>>;

const messageOf = ({ publicPackage }: Made): Uint8Array =>
  encodeMlsMessage({ version: 'mls10', wireformat: 'mls_key_package', keyPackage: publicPackage });

async function commit(peer: Peer, extraProposals: Proposal[]) {
  const made = await createCommit(
    { state: peer.state, cipherSuite: nodeSuite },
    { extraProposals, wireAsPublicMessage: true, ratchetTreeExtension: true },
  );
  peer.state = made.newState;
  const { welcome } = made;
  return {
    commit: encodeMlsMessage(made.commit),
    welcome: welcome && encodeMlsMessage({ version: 'mls10', wireformat: 'mls_welcome', welcome }),
    raw: welcome,
  };
}

const adding = (message: Uint8Array): Proposal => {
  const decoded = decodeMlsMessage(message, 0)?.[0];
  if (decoded?.wireformat !== 'mls_key_package') throw new Error('no key package');
  return { proposalType: 'add', add: { keyPackage: decoded.keyPackage } };
};

async function take(peer: Peer, message: Uint8Array): Promise<Uint8Array | null> {
  const decoded = decodeMlsMessage(message, 0)?.[0];
  if (decoded?.wireformat !== 'mls_public_message' && decoded?.wireformat !== 'mls_private_message')
    throw new Error('no message');
  const result = await processMessage(decoded, peer.state, emptyPskIndex, acceptAll, nodeSuite);
  peer.state = result.newState;
  return result.kind === 'applicationMessage' ? result.message : null;
}

const peerSecret = async ({ state }: Peer): Promise<string> =>
  hexOf(await mlsExporter(state.keySchedule.exporterSecret, 'x', new Uint8Array(), 32, nodeSuite));
const partySecret = (party: Party, group: GroupKey): Promise<string> =>
  party.run(async (work) => hexOf(await party.engine.exportSecret(group, 'x', new Uint8Array(), 32, work)));

async function groupOfPeers(
  count: number,
): Promise<{ readonly first: Peer; readonly made: readonly Made[] }> {
  const made = await Promise.all(Array.from({ length: count }, (_, n) => make(`peer ${n}`)));
  const [founder, ...others] = made as [Made, ...Made[]];
  const state = await createGroup(
    utf8('peers'),
    founder.publicPackage,
    founder.privatePackage,
    [],
    nodeSuite,
  );
  const first: Peer = { state };
  if (others.length > 0)
    await commit(
      first,
      others.map((one) => adding(messageOf(one))),
    );
  return { first, made };
}

describe('ts-mls and this engine in one group', () => {
  test('joining, commits with and without paths, leaving, both ways', async () => {
    const { first } = await groupOfPeers(3);
    const alice = createParty('alice', { profile: plainProfile });
    const added = await commit(first, [adding(await alice.keyPackage(now))]);
    const group = await alice.join(added.welcome!);
    expect(await partySecret(alice, group)).toBe(await peerSecret(first));
    // An Add alone, without a path.
    const bob = createParty('bob', { profile: plainProfile });
    const second = await commit(first, [adding(await bob.keyPackage(now))]);
    expect((await alice.process(second.commit)).kind).toBe('commit');
    await bob.join(second.welcome!);
    for (const party of [alice, bob]) expect(await partySecret(party, group)).toBe(await peerSecret(first));
    // A path of theirs, a path of ours, a removal of ours.
    const theirs = await commit(first, []);
    for (const party of [alice, bob]) expect((await party.process(theirs.commit)).kind).toBe('commit');
    const ours = await bob.commit(group, [{ kind: 'remove', leaf: 1 }]);
    await take(first, ours.commit);
    expect((await alice.process(ours.commit)).kind).toBe('commit');
    for (const party of [alice, bob]) expect(await partySecret(party, group)).toBe(await peerSecret(first));
    // A newcomer of theirs in a commit of ours.
    const carol = await make('carol');
    const grown = await alice.commit(group, [{ kind: 'add', keyPackage: messageOf(carol) }], now);
    await take(first, grown.commit);
    expect((await bob.process(grown.commit)).kind).toBe('commit');
    const welcome = decodeMlsMessage(grown.welcome!, 0)?.[0];
    if (welcome?.wireformat !== 'mls_welcome') throw new Error('no welcome');
    const peer: Peer = {
      state: await joinGroup(
        welcome.welcome,
        carol.publicPackage,
        carol.privatePackage,
        emptyPskIndex,
        nodeSuite,
      ),
    };
    expect(await peerSecret(peer)).toBe(await partySecret(alice, group));
    // Messages, both ways.
    const said = await createApplicationMessage(peer.state, utf8('hello'), nodeSuite);
    const message = encodeMlsMessage({
      version: 'mls10',
      wireformat: 'mls_private_message',
      privateMessage: said.privateMessage,
    });
    expect(await alice.read(message)).toBe('hello');
    expect(await take(first, await bob.seal(group, 'hello too'))).toEqual(utf8('hello too'));
  });

  test('a tree whose parents do not know the same newcomers: ts-mls 1.6.4 refuses it, rightly it is taken', async () => {
    // Seven leaves with paths from both halves; then two are added, one in each half, without a path.
    const { first, made } = await groupOfPeers(7);
    const join = async (raw: Parameters<typeof joinGroup>[0], one: Made): Promise<Peer> => ({
      state: await joinGroup(raw, one.publicPackage, one.privatePackage, emptyPskIndex, nodeSuite),
    });
    void made;
    await commit(first, []);
    // Leaf 2 goes and comes again: its half has a hole that is filled without a path above it.
    await commit(first, [{ proposalType: 'remove', remove: { removed: 2 } }]);
    const back = await make('back');
    await commit(first, [adding(messageOf(back))]);
    const last = await make('last');
    const added = await commit(first, [adding(messageOf(last))]);
    const alice = createParty('alice', { profile: plainProfile });
    await expect(join(added.raw!, last)).rejects.toThrow('non-blank intermediate node');
    const third = await commit(first, [adding(await alice.keyPackage(now))]);
    const group = await alice.join(third.welcome!);
    expect(await partySecret(alice, group)).toBe(await peerSecret(first));
  });
});
