import { describe, expect, test } from 'vitest';
import { hexOf, utf8 } from './bytes.ts';
import type { GroupKey } from './cells.ts';
import { createOpenMls, EXPORTER_LABEL, type OpenMls } from './test/openmls.ts';
import { seeded } from './test/seeded.ts';
import { createParty, plainProfile, type Party } from './test/party.ts';

/** A longer run: MLS_STEPS=500. */
const STEPS = Number(process.env['MLS_STEPS'] ?? 40);

/** OpenMLS looks at the clock of the machine. */
const now = (): number => Date.now();

/** OpenMLS takes only names of its own kind. */
const nameOf = (n: number): string =>
  `00000000-0000-4000-8000-${String(n).padStart(12, '0')}:${n.toString(16)}@example.org`;

const exported = (party: Party, group: GroupKey): Promise<string> =>
  party.run(async (work) =>
    hexOf(await party.engine.exportSecret(group, EXPORTER_LABEL, new Uint8Array(), 32, work)),
  );

/** A member of either kind, as a script moves it. */
interface Seat {
  readonly identity: string;
  readonly kind: 'plainseal' | 'openmls';
  keyPackage(): Promise<Uint8Array>;
  join(welcome: Uint8Array): Promise<void>;
  take(commit: Uint8Array): Promise<void>;
  exported(): Promise<string>;
  renew(): Promise<Uint8Array>;
  add(keyPackage: Uint8Array): Promise<{ readonly commit: Uint8Array; readonly welcome: Uint8Array }>;
  remove(identity: string): Promise<Uint8Array>;
  send(text: string): Promise<Uint8Array>;
  read(message: Uint8Array): Promise<string | null>;
}

function seatOf(party: Party, group: GroupKey): Seat {
  const commit = async (changes: Parameters<Party['commit']>[1]) => party.commit(group, changes, now());
  return {
    identity: party.name,
    kind: 'plainseal',
    keyPackage: () => party.keyPackage(now()),
    join: async (welcome) => void (await party.join(welcome, now())),
    take: async (message) => expect(await party.process(message, now())).toMatchObject({ kind: 'commit' }),
    exported: () => exported(party, group),
    renew: async () => (await commit([])).commit,
    async add(keyPackage) {
      const staged = await commit([{ kind: 'add', keyPackage }]);
      return { commit: staged.commit, welcome: staged.welcome! };
    },
    async remove(identity) {
      const { view } = await party.run((work) => party.engine.standing(group, work));
      const gone = view.members.find((member) => Buffer.from(member.identity).toString() === identity);
      return (await commit([{ kind: 'remove', leaf: gone!.leaf }])).commit;
    },
    send: (text) => party.seal(group, text, now()),
    read: (message) => party.read(message, now()),
  };
}

const openSeat = (member: OpenMls): Seat => ({
  ...member,
  kind: 'openmls',
  take: async (commit) => expect(await member.receive(commit)).toBeNull(),
  add: (keyPackage) => member.add([keyPackage]),
  read: (message) => member.receive(message),
});

describe('OpenMLS and this engine in one group', () => {
  test.each([1, 2, 3])(
    'export one secret after every epoch of script %i',
    { timeout: 600_000 },
    async (seed) => {
      const draw = seeded(seed);
      const pick = <T>(from: readonly T[]): T => from[draw(from.length)]!;
      let names = seed * 1000;
      const groupId = utf8(`script ${seed}`);
      const first = createParty(nameOf(++names), { profile: plainProfile });
      const group = await first.create(groupId, new Map(), now());
      const fresh = async (kind: Seat['kind']): Promise<Seat> => {
        names++;
        if (kind === 'openmls') return openSeat(await createOpenMls(names));
        return seatOf(createParty(nameOf(names), { profile: plainProfile }), group);
      };
      let seats: Seat[] = [seatOf(first, group)];
      const count = (kind: Seat['kind']): number => seats.filter((seat) => seat.kind === kind).length;
      const did = { add: 0, remove: 0, renew: 0, byOpenMls: 0 };

      for (let step = 0; step < STEPS; step++) {
        const actor = pick(seats);
        const others = seats.filter((seat) => seat !== actor);
        // Three of ours and one OpenMLS are the aim; from there on it goes up and down.
        const act =
          others.length < 3
            ? 'add'
            : seats.length > 6
              ? 'remove'
              : pick(['add', 'remove', 'renew', 'renew'] as const);
        did[act]++;
        if (actor.kind === 'openmls') did.byOpenMls++;
        if (act === 'renew') {
          const commit = await actor.renew();
          for (const seat of others) await seat.take(commit);
        } else if (act === 'remove') {
          const gone = pick(others);
          const commit = await actor.remove(gone.identity);
          for (const seat of others) if (seat !== gone) await seat.take(commit);
          seats = seats.filter((seat) => seat !== gone);
        } else {
          const added = await fresh(count('openmls') === 0 || draw(3) === 0 ? 'openmls' : 'plainseal');
          const { commit, welcome } = await actor.add(await added.keyPackage());
          for (const seat of others) await seat.take(commit);
          await added.join(welcome);
          seats = [...seats, added];
        }
        const secrets = await Promise.all(seats.map((seat) => seat.exported()));
        expect(new Set(secrets).size, `step ${step}: ${act} by ${actor.kind}`).toBe(1);
        const [from, to] = [pick(seats), pick(seats)];
        if (from !== to) expect(await to.read(await from.send(`step ${step}`))).toBe(`step ${step}`);
      }
      // The script was one: everything happened, and both did it.
      expect(Math.min(did.add, did.remove, did.renew, did.byOpenMls)).toBeGreaterThan(2);
    },
  );
});
