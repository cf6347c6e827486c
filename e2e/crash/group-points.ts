import { randomUUID } from 'node:crypto';
import type { GroupEdit } from '../../shared/lane/intent.ts';
import { groupStateOf, isMyGroup, joinedOf } from './group-state.ts';
import type { GroupWorld } from './nostr-world.ts';
import { setAsideBy } from './nostr-points.ts';
import type { Page } from './page.ts';
import { EACH, everywhere, oneMore, type Course } from './points.ts';
import { pause, type Traffic } from './traffic.ts';

/** How long all may take to be in one state, in ms, and how often that is looked at. */
const SETTLE_MS = 60_000;
const LOOK_MS = 500;

/** A change of the group that the page was asked for. */
interface Edit {
  /** The same after every restart: core does the same request once. */
  readonly request: string;
  readonly change: GroupEdit;
  answered: boolean;
}

/** Traffic in which I also give the group another name, and take a third in or out: a commit each, and an invitation. */
export interface GroupTraffic extends Traffic {
  /** What is not as it has to be once all has settled, in words. */
  state(page: Page): Promise<string | null>;
}

/** Adds the changes to what is said. */
export function changing(traffic: Traffic, world: GroupWorld): GroupTraffic {
  const { conversation, other, third, theirs } = world;
  const edits: Edit[] = [];
  let title = 'Owls';
  let isIn = false;

  const ask = (change: GroupEdit): void =>
    void edits.push({ request: randomUUID(), change, answered: false });
  const run = async (page: Page): Promise<void> => {
    for (const edit of edits) {
      if (edit.answered) continue;
      const { labelRevision } = await page.call('conversation.get', { conversation });
      const { request, change } = edit;
      await page.call('group.change', { request, conversation, change, seenLabel: labelRevision });
      edit.answered = true;
    }
  };
  const look = async (page: Page): Promise<string | null> => {
    const row = await page.call('conversation.get', { conversation });
    const mine = joinedOf(await page.call('group.members', { conversation }));
    const at = joinedOf(await other.rig.page.call('group.members', { conversation: theirs }));
    if (row.title !== title) return `I call it ${row.title ?? 'nothing'} instead of ${title}`;
    if (mine.includes(third.peer) !== isIn) return 'I am wrong about the third';
    if ((await other.row(theirs)).title !== title) return 'the other calls it something else';
    if (at.includes(third.peer) !== isIn) return 'the other is wrong about the third';
    const group = (await third.rows()).find(isMyGroup);
    if ((group !== undefined) !== isIn) return 'the third is wrong about it';
    if (group === undefined) return null;
    const [one, two] = [await groupStateOf(other, theirs), await groupStateOf(third, group.id)];
    if (one.authenticator !== two.authenticator) return `not one state: ${one.epoch}, ${two.epoch}`;
    return group.title === title ? null : 'the third calls it something else';
  };

  return {
    ...traffic,
    async talk(page, plan) {
      title = `Owls ${edits.length}`;
      isIn = !isIn;
      ask({ act: 'rename', title });
      ask(isIn ? { act: 'add', peers: [third.peer] } : { act: 'remove', peer: third.peer });
      // Then what is said: who joins counts from the moment they are asked in, and a message under an older label would be held.
      await run(page).catch(() => undefined);
      await traffic.talk(page, plan);
    },
    async settle(page) {
      await run(page);
      return traffic.settle(page);
    },
    async state(page) {
      for (const until = Date.now() + SETTLE_MS; ;) {
        const fault = await look(page);
        if (fault === null || Date.now() > until) return fault;
        await pause(LOOK_MS);
      }
    },
  };
}

/** Commits of the two changes and the invitation come on top of what is said. */
export const groupCourse = ({ other, third }: GroupWorld, traffic: GroupTraffic): Course => ({
  files: false,
  passes: {
    ...everywhere,
    'lane.before-commit': 2 * EACH + 5,
    'lane.after-commit': 2 * EACH + 5,
    'lane.before-wire-write': EACH + 2,
    'lane.after-wire-write': EACH + 2,
  },
  careful: {},
  async after(rig) {
    const settled = await traffic.state(rig.shell.page);
    if (settled !== null) return settled;
    const fault = (await oneMore(rig)) ?? (await traffic.state(rig.shell.page));
    return fault ?? setAsideBy(other) ?? setAsideBy(third);
  },
});
