import { createDeltaChatWorld } from '../e2e/crash/delta-chat.ts';
import { changing, groupCourse } from '../e2e/crash/group-points.ts';
import { killAtRandom, type Kill } from '../e2e/crash/kills.ts';
import { openDeadlyMail } from '../e2e/crash/deadly-mail.ts';
import { dieInLanes } from '../e2e/crash/lane-death.ts';
import { emailCourse, hitAll, pointsOf, type Course, type Hit } from '../e2e/crash/points.ts';
import { runMarmotScript } from '../e2e/crash/marmot-script.ts';
import { nostrCourse } from '../e2e/crash/nostr-points.ts';
import { createGroupWorld, createNostrWorld } from '../e2e/crash/nostr-world.ts';
import { poisonProcessLane } from '../e2e/crash/poison.ts';
import { createRandom } from '../e2e/crash/random.ts';
import { histogram, killLine, pointTable, table } from '../e2e/crash/report.ts';
import { openRig, type Rig } from '../e2e/crash/round.ts';
import { signalCourse } from '../e2e/crash/signal-points.ts';
import { poisonSignal } from '../e2e/crash/signal-poison.ts';
import { segfaultSignal } from '../e2e/crash/signal-segv.ts';
import { createSignalWorld } from '../e2e/crash/signal-world.ts';
import { sideOf } from '../e2e/crash/side.ts';
import { balanced, createTraffic, HELLO, inWords, type Traffic } from '../e2e/crash/traffic.ts';
import { sweepLater } from '../e2e/crash/sweep.ts';
import { cutEverywhere } from '../e2e/crash/wal.ts';
import { createWorld, meetPeer } from '../e2e/crash/world.ts';
import { readOptions } from './options.ts';
import { summary, type Failed } from './report.ts';

const parts = [
  'points',
  'kills',
  'wal',
  'lanes',
  'delta-chat',
  'signal',
  'segv',
  'nostr',
  'group',
  'marmot',
] as const;

const values = readOptions(
  `npm run crash: ends the program at every named point and at random moments while it sends and receives, and counts what was
lost, doubled or reordered by the log of the other side.

  --part NAME       ${parts.join(', ')}; may be given several times
  --seed N          the same moments again
  --hits N          how often each point is hit
  --kills N         random moments
  --delta-chat N    of them with Delta Chat's core as the other side
  --messages N      in the log that is cut everywhere (wal)
  --steps N         of the script of a group (marmot)`,
  {
    seed: { type: 'string' },
    hits: { type: 'string', default: '5' },
    kills: { type: 'string', default: '100' },
    'delta-chat': { type: 'string', default: '12' },
    messages: { type: 'string', default: '45' },
    steps: { type: 'string', default: '500' },
    part: { type: 'string', multiple: true, default: [...parts] },
  },
);
const number = (text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new Error(`not a count: ${text}`);
  return value;
};
const seed = values.seed === undefined ? Date.now() % 1_000_000 : number(values.seed);
const wanted = (part: (typeof parts)[number]): boolean => values.part.includes(part);

let passed = 0;
const failed: Failed[] = [];
/** Counts one check; says what is wrong with a failing one. */
function check(name: string, fault: string | null): void {
  if (fault === null) passed += 1;
  else {
    failed.push({ name, why: fault });
    console.log(`✗ ${name}: ${fault}`);
  }
}

const tellHit = ({ point, nth, careful, interrupted, fault }: Hit): void => {
  const state = interrupted ? `${interrupted.send} / ${interrupted.ingest}` : 'no state was read';
  console.log(`  ${point}, hit ${nth}${careful ? ', careful' : ''}: ${state}`);
  check(`killed at ${point}, hit ${nth}`, fault);
};
const tellKill = ({ seed: of, ms, interrupted, fault }: Kill): void => {
  const state = interrupted ? `${interrupted.send} / ${interrupted.ingest}` : 'no state was read';
  console.log(`  seed ${of}, after ${ms} ms: ${state}`);
  check(`killed after ${ms} ms, seed ${of}`, fault);
};

/** The whole of the books at the end, every file read anew. */
async function audit(rig: Rig, faults: readonly string[]): Promise<void> {
  const books = await rig.traffic.audit(rig.shell.page).catch(() => null);
  // A round has ended core for good, and said so.
  if (books === null) return check('the books in the end', 'core is not there to say');
  const { errands, other } = rig.traffic;
  console.log(`${errands.length} messages of mine and ${other.said.length} of theirs, in the end:`);
  console.log(`  ${inWords(books)}`);
  check('the books in the end', balanced(books) ? null : inWords(books));
  check('no changed resend, nothing unsigned', faults.length === 0 ? null : faults.join('; '));
}

/** Ends core at every point of a course, prints the table, and looks at the books in the end. */
async function hitCourse(
  world: Rig['world'],
  traffic: Traffic,
  course: Course,
  faults: readonly string[] = [],
): Promise<void> {
  const rig = await openRig(world, traffic, pointsOf(course));
  const hits = await hitAll(rig, course, number(values.hits), createRandom(seed), tellHit);
  console.log(pointTable(hits));
  await audit(rig, faults);
  // After a fault it may be gone.
  await rig.shell.close().catch(() => undefined);
}

console.log(`seed ${seed}`);

if (wanted('points') || wanted('kills')) {
  const world = await createWorld(meetPeer);
  const { peer, conversation } = world.met;
  try {
    const traffic = createTraffic(conversation, sideOf(peer));
    let rig = await openRig(world, traffic);
    if (wanted('points')) {
      console.log('\nNamed points');
      const hits = await hitAll(rig, emailCourse, number(values.hits), createRandom(seed), tellHit);
      console.log(pointTable(hits));
    }
    await rig.shell.close();
    rig = await openRig(world, traffic, []);
    if (wanted('kills')) {
      console.log('\nRandom moments inside a send or an ingest');
      const { kills, idle } = await killAtRandom(rig, world.server, number(values.kills), seed, tellKill);
      console.log(histogram(kills));
      console.log(`${killLine(kills)}; ${idle} more found nothing under way and do not count`);
      check('enough kills', kills.length === number(values.kills) ? null : `${kills.length} only`);
    }
    await audit(rig, peer.faults);
    console.log(`${peer.twins} mails reached the server twice, byte for byte the same`);
    await rig.shell.close();
    const { before, after } = await sweepLater(world);
    console.log(`left behind: ${before.unnamed} files nothing names, ${before.stray} without a row`);
    console.log(
      `two days later: ${after.unnamed} and ${after.stray}, ${after.named} of ${before.named} named`,
    );
    const tidy = after.unnamed + after.stray === 0 && after.named === before.named;
    check('what the kills left behind is gone', tidy ? null : 'some is left, or something named is gone');
  } finally {
    await world.close();
  }
}

if (wanted('wal')) {
  console.log('\nThe write-ahead log of a recorded run, cut at every frame');
  const world = await createWorld(meetPeer);
  try {
    const report = await cutEverywhere(world, number(values.messages));
    const { acknowledged, generations, cuts, broken, missing, early } = report;
    const count = (kind: string): number => acknowledged.filter((one) => one.kind === kind).length;
    console.log(
      table([
        ['generation', 'frames', 'acknowledgements'],
        ...generations.map((frames, at) => [
          at,
          frames,
          acknowledged.filter((one) => one.generation === at).length,
        ]),
      ]),
    );
    console.log(
      `${cuts} cuts; acknowledged: ${count('taken')} to the page, ${count('received')} received, ` +
        `${count('sealed')} sealed before the hand-over`,
    );
    check('every cut opens and is whole', broken.length === 0 ? null : broken.slice(0, 10).join('; '));
    check(
      'every cut holds what was acknowledged',
      missing.length === 0 ? null : missing.slice(0, 10).join('; '),
    );
    check('the log begins without any of it', early === 0 ? null : `${early} are there before`);
  } finally {
    await world.close();
  }
}

if (wanted('lanes')) {
  console.log('\nDeaths of a lane');
  const world = await createWorld(meetPeer);
  try {
    const ended = await dieInLanes(world, createRandom(seed), ({ name, fault }) => check(name, fault));
    const poisoned = {
      name: 'a mail that aborts the process of a lane each time',
      ...(await poisonProcessLane()),
    };
    check(poisoned.name, poisoned.fault);
    const own = await createWorld(meetPeer);
    const whole = {
      name: 'a mail that takes all of core with it each time',
      ...(await openDeadlyMail(own)),
    };
    await own.close();
    check(whole.name, whole.fault);
    const rows = [...ended, poisoned, whole];
    console.log(
      table([
        ['', 'deaths', ''],
        ...rows.map((row) => [row.name, row.deaths, row.fault === null ? '✓' : '✗']),
      ]),
    );
    check('no changed resend', world.met.peer.faults.length === 0 ? null : world.met.peer.faults.join('; '));
  } finally {
    await world.close();
  }
}

if (wanted('delta-chat')) {
  console.log('\nWith Delta Chat core as the other side');
  const world = await createDeltaChatWorld();
  try {
    const traffic = createTraffic(world.met.conversation, world.met.side, HELLO);
    const rig = await openRig(world, traffic);
    const hits = await hitAll(rig, emailCourse, 1, createRandom(seed), tellHit);
    console.log(pointTable(hits));
    const count = number(values['delta-chat']);
    const { kills, idle } = await killAtRandom(rig, world.server, count, seed, tellKill);
    console.log(histogram(kills));
    console.log(`${killLine(kills)}; ${idle} more found nothing under way and do not count`);
    await audit(rig, []);
    await rig.shell.close();
  } finally {
    await world.close();
  }
}

if (wanted('signal')) {
  console.log('\nSignal, against the mock server');
  const world = await createSignalWorld();
  const { peer, conversation } = world;
  try {
    await hitCourse(world, createTraffic(conversation, peer), signalCourse(peer), peer.faults);
    console.log(`${await peer.twins()} messages reached the other side twice and were dropped there`);
  } finally {
    await world.close();
  }
}

if (wanted('segv')) {
  console.log('\nThe lane of Signal, ended by SIGSEGV while mails arrive');
  const { backMs, mailsOpen, mailsMeanwhile, fault } = await segfaultSignal(createRandom(seed));
  console.log(
    `SIGSEGV with ${mailsOpen} mails to come: ${mailsMeanwhile} came in while the lane was gone, ` +
      `which was ${Math.round(backMs)} ms`,
  );
  check('SIGSEGV in the lane of Signal while mails arrive', fault);
  const world = await createSignalWorld();
  try {
    const poisoned = await poisonSignal(world);
    console.log(`an envelope that ends the lane each time: ${poisoned.deaths} deaths`);
    check('an envelope that ends the lane of Signal each time', poisoned.fault);
  } finally {
    await world.close();
  }
}

if (wanted('nostr')) {
  console.log('\nNostr, with another Plainseal as the other side');
  const world = await createNostrWorld();
  try {
    const traffic = createTraffic(world.conversation, world.peer, HELLO);
    await hitCourse(world, traffic, nostrCourse(world.other));
  } finally {
    await world.close();
  }
}

if (wanted('group')) {
  console.log('\nA group over Nostr, that is renamed while a third comes and goes');
  const world = await createGroupWorld();
  try {
    const traffic = changing(createTraffic(world.conversation, world.peer, HELLO), world);
    await hitCourse(world, traffic, groupCourse(world, traffic));
  } finally {
    await world.close();
  }
}

if (wanted('marmot')) {
  console.log(
    '\nFour people in one group over relays that lose, double, delay and refuse; their lanes die, their programs start again',
  );
  const steps = number(values.steps);
  const report = await runMarmotScript({ seed, steps, tell: (line) => console.log(`  ${line}`) });
  console.log(
    table([['did', 'times'], ...Object.entries(report.did).toSorted(([a], [b]) => a.localeCompare(b))]),
  );
  console.log(
    `${report.rewinds} times somebody left one branch for another; ${report.read} readings of messages that had to be there, all once`,
  );
  check(
    `${steps} steps: one state, no message lost or doubled`,
    report.faults.length === 0 ? null : report.faults.join('; '),
  );
}

console.log(`\nseed ${seed}`);
console.log(summary({ passed, failed, skipped: [] }));
process.exitCode = failed.length > 0 || passed === 0 ? 1 : 0;
