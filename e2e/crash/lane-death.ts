import type { Fate } from './fate.ts';
import { openMortalCore, type MortalCore } from './mortal-core.ts';
import { errand, run, sendState } from './page.ts';
import type { Random } from './random.ts';
import { sideOf } from './side.ts';
import { balanced, createTraffic, inWords, type Plan, type Traffic } from './traffic.ts';
import type { Acquaintance, World } from './world.ts';

/** What the deaths of a lane came to. */
export interface LaneDeath {
  readonly name: string;
  readonly deaths: number;
  readonly fault: string | null;
}

/** A run of lanes that die, what else is put among the talk, and what must have become of it. */
interface Scenario {
  readonly name: string;
  readonly fates: readonly [Fate, ...Fate[]];
  readonly deaths: number;
  readonly poison: 'theirs' | 'mine' | null;
}

const POISON = 'This ends the lane';
/** One death before anything is marked, two under the marker. */
const POISON_DEATHS = 3;

const scenarios: readonly Scenario[] = [
  {
    name: 'heap exhausted before a hand-over',
    fates: [{ how: 'heap', at: 'lane.before-wire-write' }, null],
    deaths: 1,
    poison: null,
  },
  {
    name: 'an error after a hand-over, in two runs',
    fates: [
      { how: 'error', at: 'lane.after-wire-write' },
      { how: 'error', at: 'lane.after-wire-write' },
      null,
    ],
    deaths: 2,
    poison: null,
  },
  {
    name: 'an error before a commit',
    fates: [{ how: 'error', at: 'lane.before-commit' }, null],
    deaths: 1,
    poison: null,
  },
  {
    name: 'a mail of theirs that is an error each time',
    fates: [{ how: 'error', poison: POISON }],
    deaths: POISON_DEATHS,
    poison: 'theirs',
  },
  {
    name: 'a message of mine that is an error each time',
    fates: [{ how: 'error', poison: POISON }],
    deaths: POISON_DEATHS,
    poison: 'mine',
  },
];

/** Runs every scenario over the same profile, the e-mail lane in a thread with the limits of the product. */
export async function dieInLanes(
  world: World & { readonly met: Acquaintance },
  random: Random,
  tell: (death: LaneDeath) => void,
): Promise<readonly LaneDeath[]> {
  const traffic = createTraffic(world.met.conversation, sideOf(world.met.peer), POISON);
  const plan: Plan = { mine: 3, theirs: 3, files: true, spreadMs: 200, random };
  const ended: LaneDeath[] = [];
  for (const scenario of scenarios) {
    const core = openMortalCore(world.profile, scenario.fates);
    try {
      await core.page.online();

      const fault = await play(core, scenario, world.met, traffic, plan);
      ended.push({ name: scenario.name, deaths: core.deaths.length, fault });
    } catch (error) {
      const fault = error instanceof Error ? error.message : String(error);
      ended.push({ name: scenario.name, deaths: core.deaths.length, fault });
    } finally {
      await core.close();
    }
    const last = ended.at(-1);
    if (last) tell(last);
  }
  return ended;
}

async function play(
  core: MortalCore,
  { deaths, poison }: Scenario,
  { conversation, peer }: Acquaintance,
  traffic: Traffic,
  plan: Plan,
): Promise<string | null> {
  const { page } = core;
  const slip = async (): Promise<void> => {
    if (poison === 'theirs') await peer.say(POISON);
    if (poison === 'mine') await run(page, conversation, [errand(POISON)]);
  };
  await Promise.all([traffic.talk(page, plan), slip()]);
  const books = await traffic.settle(page);
  if (!balanced(books)) return inWords(books);
  if (core.deaths.length !== deaths) return `${core.deaths.length} deaths instead of ${deaths}`;
  const rows = await page.history(conversation);
  const mine = rows.filter((row) => row.kind === 'message' && row.content.text === POISON);
  if (poison === 'mine' && mine.map(sendState).join() !== 'failed')
    return `the poison is ${mine.map(sendState).join()}`;
  if (poison !== 'theirs') return null;
  const notes = rows.filter((row) => row.kind === 'note' && row.code === 'not-opened').length;
  const why = core.database.all<{ why: string }>("SELECT why FROM inbound WHERE outcome = 'quarantined'");
  return mine.length === 0 && notes === 1 && why.map((row) => row.why).join() === 'ended-the-program'
    ? null
    : `${mine.length} shown, ${notes} notes, set aside: ${why.map((row) => row.why).join()}`;
}
