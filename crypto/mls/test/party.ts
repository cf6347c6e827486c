import { expect } from 'vitest';
import type { Work } from '../../../shared/lane/state.ts';
import { createCells, type Cells } from '../../signal/test/cells.ts';
import { utf8 } from '../bytes.ts';
import type { EpochId, GroupKey } from '../cells.ts';
import { createMlsEngine } from '../create-engine.ts';
import type { Components } from '../components.ts';
import type { Change, MlsEngine, OwnMember, Processed, Profile, Staged } from '../engine.ts';
import type { GroupRules } from '../members.ts';
import { nodeSuite, type Suite } from '../suite.ts';

/** The clock of the tests stands still unless a test moves it. */
export const NOW = Date.UTC(2026, 10, 26);

/** Plain RFC 9420: no extensions, as OpenMLS in core-crypto speaks it. */
export const plainProfile: Profile = {
  extensions: [],
  proposals: [],
  requires: { extensions: [], proposals: [] },
  keyPackageComponents: new Map(),
};
/** With the two proposals of the draft. */
export const draftProfile: Profile = {
  extensions: [6],
  proposals: [8, 10],
  requires: { extensions: [6], proposals: [8, 10] },
  keyPackageComponents: new Map(),
};

/** For groups without a profile: members are taken unless their name begins with "mallory", and may do anything. */
export const testRules: GroupRules = {
  allowsMember: ({ identity }) => !Buffer.from(identity).toString('utf8').startsWith('mallory'),
  allowsCommit: () => true,
  allowsProposal: () => true,
  allowsWelcome: () => true,
};

/** One account of a test: its engine and its cells, with a unit of work around each step. */
export interface Party {
  readonly name: string;
  readonly engine: MlsEngine;
  readonly cells: Cells;
  run<T>(task: (work: Work) => Promise<T>): Promise<T>;
  keyPackage(now?: number): Promise<Uint8Array>;
  create(groupId: Uint8Array, components?: Components, now?: number): Promise<GroupKey>;
  join(welcome: Uint8Array, now?: number): Promise<GroupKey>;
  stage(
    group: GroupKey,
    changes?: readonly Change[],
    now?: number,
  ): Promise<Extract<Staged, { kind: 'staged' }>>;
  /** Stages and applies. */
  commit(
    group: GroupKey,
    changes?: readonly Change[],
    now?: number,
  ): Promise<Extract<Staged, { kind: 'staged' }>>;
  /** Applies a commit of mine, the only one that is pending by default. */
  apply(group: GroupKey, now?: number, digest?: string): Promise<void>;
  process(message: Uint8Array, now?: number): Promise<Processed>;
  seal(group: GroupKey, text: string, now?: number): Promise<Uint8Array>;
  /** The text of a message that must open. */
  read(message: Uint8Array, now?: number): Promise<string>;
  authenticator(group: GroupKey, epoch?: EpochId): Promise<string>;
}

export function createParty(
  name: string,
  options: {
    readonly rules?: GroupRules;
    readonly profile?: Profile;
    readonly me?: OwnMember;
    readonly suite?: Suite;
    /** Cells of before: a program that was started again. */
    readonly cells?: Cells;
  } = {},
): Party {
  const cells = options.cells ?? createCells();
  const engine = createMlsEngine({
    suite: options.suite ?? nodeSuite,
    rules: options.rules ?? testRules,
    profile: options.profile ?? draftProfile,
    me: options.me ?? { identity: utf8(name), leafComponents: () => new Map() },
  });
  const party: Party = {
    name,
    engine,
    cells,
    run: (task) => cells.run(task),
    keyPackage: async (now = NOW) => (await party.run((work) => engine.makeKeyPackage(work, now))).message,
    create: (groupId, components = new Map(), now = NOW) =>
      party.run((work) => engine.createGroup(groupId, components, work, now)),
    async join(welcome, now = NOW) {
      const joined = await party.run((work) => engine.join(welcome, work, now));
      if (joined.kind !== 'joined') throw new Error(`${name} did not join: ${joined.why}`);
      return joined.group;
    },
    async stage(group, changes = [], now = NOW) {
      const staged = await party.run((work) => engine.stage(group, changes, work, now));
      if (staged.kind !== 'staged') throw new Error(`${name} could not commit: ${staged.why}`);
      return staged;
    },
    async commit(group, changes = [], now = NOW) {
      const staged = await party.stage(group, changes, now);
      await party.apply(group, now, staged.digest);
      return staged;
    },
    async apply(group, now = NOW, digest) {
      await party.run(async (work) => {
        const [only = ''] = (await engine.standing(group, work)).pending;
        await engine.applyPending(group, digest ?? only, work, now);
      });
    },
    process: (message, now = NOW) => party.run((work) => engine.process(message, work, now)),
    seal: async (group, text, now = NOW) =>
      (await party.run((work) => engine.seal(group, utf8(text), new Uint8Array(), work, now))).bytes,
    async read(message, now = NOW) {
      const opened = await party.process(message, now);
      if (opened.kind !== 'application') throw new Error(`${name}: ${JSON.stringify(opened, show)}`);
      return Buffer.from(opened.plaintext).toString('utf8');
    },
    authenticator: async (group, epoch) =>
      Buffer.from(await party.run((work) => engine.epochAuthenticator(group, work, epoch))).toString('hex'),
  };
  return party;
}

const show = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value);

/** Makes a group of some parties, in one commit of the first. */
export async function groupOf(parties: readonly Party[], components?: Components): Promise<GroupKey> {
  const [first, ...others] = parties;
  if (first === undefined) throw new Error('nobody');
  const group = await first.create(utf8(`group of ${first.name}`), components);
  if (others.length === 0) return group;
  const changes: Change[] = [];
  for (const party of others) changes.push({ kind: 'add', keyPackage: await party.keyPackage() });
  const { welcome } = await first.commit(group, changes);
  if (welcome === null) throw new Error('no welcome');
  for (const party of others) await party.join(welcome);
  return group;
}

/** Hands a commit to others; they must take it. */
export async function hand(commit: Uint8Array, to: readonly Party[]): Promise<void> {
  for (const party of to) expect((await party.process(commit)).kind, party.name).toBe('commit');
}

/** All are in one state. */
export async function expectAgreed(group: GroupKey, parties: readonly Party[]): Promise<void> {
  const [first, ...others] = await Promise.all(parties.map((party) => party.authenticator(group)));
  for (const other of others) expect(other).toBe(first);
}

/** Every cell of a party, to show that nothing was changed. */
export const frozen = ({ cells }: Party): readonly (readonly [string, string])[] =>
  [...cells.all].map(([name, [, cell]]) => [name, Buffer.from(cell.value).toString('hex')]);
