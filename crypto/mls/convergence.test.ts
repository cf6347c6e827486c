import { describe, expect, test } from 'vitest';
import type { GroupKey } from './cells.ts';
import type { Change } from './engine.ts';
import { createParty, expectAgreed, groupOf, type Party } from './test/party.ts';
import { seeded } from './test/seeded.ts';

/** A longer run: MLS_STEPS=500. */
const STEPS = Number(process.env['MLS_STEPS'] ?? 30);

/** A commit on its way, with what only its maker knows. */
interface Sent {
  readonly by: string;
  readonly commit: Uint8Array;
  readonly digest: string;
  readonly welcome: Uint8Array | null;
  readonly adds: Party | null;
  readonly removes: string | null;
}

/**
 * Several members commit in one epoch, and everybody hears of it in another order. The harness decides by the lowest digest, as a
 * network would by its own order: whoever is on another branch goes back and takes the winner. Programs are started again in between.
 */
describe('commits that meet', () => {
  test.each([1, 2, 3, 4])('all come to one state: script %i', { timeout: 600_000 }, async (seed) => {
    const draw = seeded(seed);
    const pick = <T>(from: readonly T[]): T => from[draw(from.length)]!;
    const shuffled = <T>(from: readonly T[]): T[] =>
      from
        .map((one) => [draw(1 << 20), one] as const)
        .toSorted(([a], [b]) => a - b)
        .map(([, one]) => one);
    let names = 4;
    let members = ['0', '1', '2', '3'].map((name) => createParty(name));
    const group: GroupKey = await groupOf(members);
    const did = { rewinds: 0, rounds: 0, messages: 0, restarts: 0 };

    /** What a member may want: nothing but new keys, somebody more, somebody less. */
    const stage = async (party: Party): Promise<Sent> => {
      const what = pick([
        'renew',
        'renew',
        members.length < 6 ? 'add' : 'renew',
        members.length > 3 ? 'remove' : 'renew',
      ]);
      const changes: Change[] = [];
      const adds = what === 'add' ? createParty(String(names++)) : null;
      if (adds) changes.push({ kind: 'add', keyPackage: await adds.keyPackage() });
      const { view } = await party.run((work) => party.engine.standing(group, work));
      const gone = view.members.filter(({ identity }) => Buffer.from(identity).toString() !== party.name);
      const removed = what === 'remove' ? pick(gone) : null;
      if (removed) changes.push({ kind: 'remove', leaf: removed.leaf });
      const { commit, digest, welcome } = await party.stage(group, changes);
      const removes = removed && Buffer.from(removed.identity).toString();
      return { by: party.name, commit, digest, welcome, adds, removes };
    };

    for (let round = 0; round < STEPS; round++) {
      did.rounds++;
      members = members.map((party) => {
        if (draw(10) > 0) return party;
        did.restarts++;
        return createParty(party.name, { cells: party.cells });
      });
      const base = (await members[0]!.run((work) => members[0]!.engine.standing(group, work))).current.id;
      const makers = shuffled(members).slice(0, 1 + draw(2));
      const sent: Sent[] = [];
      for (const maker of makers) sent.push(await stage(maker));
      const winner = sent.toSorted((a, b) => (a.digest < b.digest ? -1 : 1))[0]!;

      const texts: { readonly by: string; readonly message: Uint8Array; readonly text: string }[] = [];
      for (const party of members) {
        for (const one of shuffled(sent)) {
          const result = await party.process(one.commit);
          if (result.kind === 'competing') {
            // Only the winner is worth going back for.
            if (one !== winner) continue;
            did.rewinds++;
            await party.run((work) => party.engine.rewind(group, base, work));
            expect(['commit', 'removed']).toContain((await party.process(one.commit)).kind);
          } else if (result.kind === 'refused') {
            // Removed by the one that came first: back, for the one that wins.
            expect(result.why).toBe('not-active');
            if (one !== winner) continue;
            await party.run((work) => party.engine.rewind(group, base, work));
            expect(['commit', 'removed']).toContain((await party.process(one.commit)).kind);
          } else {
            expect(['commit', 'removed']).toContain(result.kind);
          }
          // Said on whichever branch it is on just now.
          if (draw(3) === 0 && (await party.run((work) => party.engine.standing(group, work))).active) {
            const text = `${party.name} in round ${round}, ${texts.length}`;
            texts.push({ by: party.name, message: await party.seal(group, text), text });
          }
        }
      }
      members = members.filter(({ name }) => name !== winner.removes);
      if (winner.adds && winner.welcome) {
        await winner.adds.join(winner.welcome);
        members = [...members, winner.adds];
      }
      await expectAgreed(group, members);
      for (const { by, message, text } of texts) {
        for (const party of members) {
          if (party.name === by) continue;
          const result = await party.process(message);
          // Nobody reads of a branch it never was on; nobody reads wrong.
          if (result.kind === 'application') {
            expect(Buffer.from(result.plaintext).toString()).toBe(text);
            did.messages++;
          } else expect(result.kind).toBe('refused');
        }
      }
      const [from, to] = shuffled(members) as [Party, Party];
      expect(await to.read(await from.seal(group, `after ${round}`))).toBe(`after ${round}`);
    }
    expect(Math.min(did.rewinds, did.messages, did.restarts)).toBeGreaterThan(2);
  });
});
